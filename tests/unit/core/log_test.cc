#include "core/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ai_bot::log {
namespace {

constexpr int64_t kTime = 1795554000123;  // 2026-11-24T21:00:00.123Z

TEST(Log, JsonHasEcsNames) {
  const auto line = nlohmann::json::parse(ai_bot::log::line(
      Format::kJson, Level::kWarning, "engine.crashed", "it \"fell\"\nover",
      {{"http.request.id", std::string("r1")}, {"ai_bot.count", int64_t{3}}, {"ai_bot.ok", false}},
      kTime));
  EXPECT_EQ(line["@timestamp"], "2026-11-24T21:00:00.123Z");
  EXPECT_EQ(line["log.level"], "warning");
  EXPECT_EQ(line["message"], "it \"fell\"\nover");
  EXPECT_EQ(line["event.action"], "engine.crashed");
  EXPECT_EQ(line["service.name"], "ai_bot");
  EXPECT_EQ(line["http.request.id"], "r1");
  EXPECT_EQ(line["ai_bot.count"], 3);
  EXPECT_EQ(line["ai_bot.ok"], false);
}

TEST(Log, JsonIsOneLineEvenOfBrokenBytes) {
  const std::string line =
      ai_bot::log::line(Format::kJson, Level::kInfo, "x", "a\xFF\nb", {}, kTime);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST(Log, TextIsReadable) {
  EXPECT_EQ(ai_bot::log::line(Format::kText, Level::kInfo, "engine.ready", "the model is ready",
                              {{"process.pid", int64_t{7}}}, kTime),
            "21:00:00.123 info    the model is ready [engine.ready] process.pid=7");
}

TEST(Log, TextHoldsNoControlCharacters) {
  EXPECT_EQ(
      ai_bot::log::line(Format::kText, Level::kWarning, "x",
                        "a\n00:00:00 error forged\r\x1b]0;title\x07\x7f\tb\xC2\x9b"
                        "31m 你好 👋 \xff",
                        {{"f", std::string("c\x1b\xC2\x85"
                                           "d")}},
                        kTime),
      "21:00:00.123 warning a\\n00:00:00 error forged\\x0d\\x1b]0;title\\x07\\x7f\\x09b\\x9b31m "
      "你好 👋 \xEF\xBF\xBD [x] f=\"c\\u001b\\x85d\"");
}

TEST(Log, KnowsItsLevels) {
  EXPECT_EQ(level_named("debug"), Level::kDebug);
  EXPECT_EQ(level_named("error"), Level::kError);
  EXPECT_EQ(level_named("loud"), Level::kInfo);
}

}  // namespace
}  // namespace ai_bot::log
