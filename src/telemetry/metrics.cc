#include "telemetry/metrics.h"

#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace ai_bot {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildHistogram;
using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets kFast = {.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
const Buckets kAnswers = {.01, .025, .05, .1, .2, .4, .8, 1.5, 3, 6, 12, 30, 60, 120, 300};
const Buckets kTokenRates = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000};

bool is_counter(const std::string& name) { return name.ends_with("_total"); }

}  // namespace

Metrics::Metrics()
    : requests_(BuildCounter()
                    .Name("ai_bot_http_requests_total")
                    .Help("HTTP requests by route, method and status")
                    .Register(registry_)),
      request_seconds_(BuildHistogram()
                           .Name("ai_bot_http_request_duration_seconds")
                           .Help("Time to a response's end")
                           .Register(registry_)),
      events_(BuildCounter()
                  .Name("ai_bot_events_total")
                  .Help("Events by channel and outcome")
                  .Register(registry_)),
      acknowledged_(BuildHistogram()
                        .Name("ai_bot_event_acknowledge_seconds")
                        .Help("From an event's request to its durable commit")
                        .Register(registry_)
                        .Add({}, kFast)),
      attempts_(BuildCounter()
                    .Name("ai_bot_model_attempts_total")
                    .Help("Requests to models by outcome")
                    .Register(registry_)),
      attempt_seconds_(BuildHistogram()
                           .Name("ai_bot_model_request_duration_seconds")
                           .Help("Time to an answer's end")
                           .Register(registry_)),
      first_token_(BuildHistogram()
                       .Name("ai_bot_model_first_token_seconds")
                       .Help("Time to an answer's first token")
                       .Register(registry_)),
      token_rate_(BuildHistogram()
                      .Name("ai_bot_model_tokens_per_second")
                      .Help("Generation speed of an answer")
                      .Register(registry_)),
      tokens_(BuildCounter()
                  .Name("ai_bot_model_tokens_total")
                  .Help("Tokens by model and kind")
                  .Register(registry_)),
      deliveries_(BuildCounter()
                      .Name("ai_bot_deliveries_total")
                      .Help("Deliveries of replies by outcome")
                      .Register(registry_)) {}

void Metrics::http_request(const std::string& route, const std::string& method, int status,
                           double seconds) {
  const std::string code = std::to_string(status);
  known_requests_
      .get(
          route + ' ' + method + ' ' + code,
          [&]() -> auto& {
            return requests_.Add({{"route", route}, {"method", method}, {"status", code}});
          })
      .Increment();
  known_request_seconds_
      .get(
          route,
          [&]() -> auto& {
            return request_seconds_.Add({{"route", route}}, kFast);
          })
      .Observe(seconds);
}

void Metrics::event(const std::string& channel, const char* outcome) {
  known_events_
      .get(
          channel + ' ' + outcome,
          [&]() -> auto& {
            return events_.Add({{"channel", channel}, {"outcome", outcome}});
          })
      .Increment();
}

void Metrics::acknowledged(double seconds) { acknowledged_.Observe(seconds); }

void Metrics::model_attempt(const std::string& model, const char* outcome, double seconds) {
  attempts_.Add({{"model", model}, {"outcome", outcome}}).Increment();
  attempt_seconds_.Add({{"model", model}}, kAnswers).Observe(seconds);
}

void Metrics::model_answer(const std::string& model, double first_token_seconds,
                           double tokens_per_second, int64_t prompt_tokens,
                           int64_t completion_tokens) {
  first_token_.Add({{"model", model}}, kAnswers).Observe(first_token_seconds);
  if (tokens_per_second > 0)
    token_rate_.Add({{"model", model}}, kTokenRates).Observe(tokens_per_second);
  tokens_.Add({{"model", model}, {"kind", "prompt"}}).Increment(static_cast<double>(prompt_tokens));
  tokens_.Add({{"model", model}, {"kind", "completion"}})
      .Increment(static_cast<double>(completion_tokens));
}

void Metrics::delivery(const std::string& channel, const char* outcome) {
  deliveries_.Add({{"channel", channel}, {"outcome", outcome}}).Increment();
}

std::string Metrics::text() {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  for (const Sampler& sampler : samplers_) {
    for (const Sample& sample : sampler()) {
      auto family = std::find_if(families.begin(), families.end(),
                                 [&](const auto& f) { return f.name == sample.name; });
      if (family == families.end()) {
        prometheus::MetricFamily fresh;
        fresh.name = sample.name;
        fresh.help = sample.help;
        fresh.type = is_counter(sample.name) ? prometheus::MetricType::Counter
                                             : prometheus::MetricType::Gauge;
        family = families.insert(families.end(), std::move(fresh));
      }
      prometheus::ClientMetric metric;
      for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
      metric.counter.value = sample.value;
      metric.gauge.value = sample.value;
      family->metric.push_back(std::move(metric));
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

std::vector<Metrics::Sample> process_samples() {
  static const double started = [] {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<double>(now.tv_sec);
  }();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  std::error_code ignored;
  const auto count = [&](const char* folder) {
    double n = 0;
    for (auto it = std::filesystem::directory_iterator(folder, ignored);
         it != std::filesystem::directory_iterator(); it.increment(ignored))
      ++n;
    return n;
  };
  return {
      {"process_resident_memory_bytes", "Resident memory size in bytes.", {}, resident * page},
      {"process_virtual_memory_bytes", "Virtual memory size in bytes.", {}, size * page},
      {"process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {}, cpu},
      {"process_open_fds", "Number of open file descriptors.", {}, count("/proc/self/fd")},
      {"process_threads", "Number of OS threads.", {}, count("/proc/self/task")},
      {"process_start_time_seconds",
       "Start time of the process since the Unix epoch in seconds.",
       {},
       started}};
}

}  // namespace ai_bot
