#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ai_bot {
namespace {

using testing::HasSubstr;

TEST(Metrics, CountWhatHappened) {
  Metrics metrics;
  metrics.http_request("/api/health", "GET", 200, 0.002);
  metrics.http_request("/api/health", "GET", 200, 0.002);
  metrics.event("hook", "accepted");
  metrics.acknowledged(0.001);
  metrics.model_attempt("m", "ok", 0.5);
  metrics.model_answer("m", 0.02, 50, 7, 11);
  metrics.delivery("hook", "delivered");
  const std::string text = metrics.text();
  EXPECT_THAT(
      text,
      HasSubstr(R"(ai_bot_http_requests_total{method="GET",route="/api/health",status="200"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(ai_bot_events_total{channel="hook",outcome="accepted"} 1)"));
  EXPECT_THAT(text, HasSubstr("ai_bot_event_acknowledge_seconds_count 1"));
  EXPECT_THAT(text, HasSubstr(R"(ai_bot_model_tokens_total{kind="prompt",model="m"} 7)"));
  EXPECT_THAT(text,
              HasSubstr(R"(ai_bot_model_first_token_seconds_bucket{model="m",le="0.025"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(ai_bot_deliveries_total{channel="hook",outcome="delivered"} 1)"));
}

TEST(Metrics, AskTheirSamplersAtEachScrape) {
  Metrics metrics;
  double value = 1;
  metrics.add_sampler([&] {
    return std::vector<Metrics::Sample>{{"ai_bot_x", "X", {{"state", "open"}}, value},
                                        {"ai_bot_y_total", "Y", {}, 5}};
  });
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE ai_bot_x gauge\nai_bot_x{state=\"open\"} 1"));
  value = 2;
  EXPECT_THAT(metrics.text(), HasSubstr("ai_bot_x{state=\"open\"} 2"));
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE ai_bot_y_total counter\nai_bot_y_total 5"));
}

TEST(ProcessSamples, TellMemoryTimeAndFiles) {
  std::map<std::string, double> values;
  for (const auto& sample : process_samples()) values[sample.name] = sample.value;
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(values.at("process_open_fds"), 2);
  EXPECT_GE(values.at("process_threads"), 1);
  EXPECT_GT(values.at("process_start_time_seconds"), 1.7e9);
}

}  // namespace
}  // namespace ai_bot
