// What every platform's judge() must make of answers that are not the platform's, and of waits.
#include <gtest/gtest.h>

#include "channels/channel.h"

namespace ai_bot {
namespace {

using Outcome = Delivery::Outcome;

constexpr const char* kPlatforms[] = {"feishu", "dingtalk", "wecom",
                                      "slack",  "discord",  "telegram"};
constexpr const char* kPortal = "<html><body>Please sign in to the guest network</body></html>";

std::shared_ptr<const Channel> channel(const std::string& type) {
  ChannelConfig config;
  config.name = "hook";
  config.type = type;
  return make_channel(config, {});
}

TEST(Judge, WhatIsNotThePlatformsIsTriedAgain) {
  for (const char* type : kPlatforms) {
    for (const int status : {200, 201, 301, 302, 307, 400, 403, 404, 407, 500, 502, 511}) {
      for (const char* body : {kPortal, "OK", "[]", "\"x\"", "\x16\x03\x01"}) {
        EXPECT_EQ(channel(type)->judge({status, {}, body}).outcome, Outcome::kRetry)
            << type << " " << status << " " << body;
      }
    }
    EXPECT_EQ(channel(type)->judge({302, {{"location", "http://portal/"}}, ""}).outcome,
              Outcome::kRetry)
        << type;
  }
  EXPECT_EQ(channel("generic")->judge({302, {}, kPortal}).outcome, Outcome::kRetry);
}

TEST(Judge, ReadsWaitsInEveryForm) {
  const auto header = [](const char* type, const char* value) {
    return channel(type)->judge({429, {{"retry-after", value}}, "{}"}).retry_after;
  };
  for (const char* type :
       {"generic", "feishu", "dingtalk", "wecom", "slack", "discord", "telegram"}) {
    EXPECT_EQ(header(type, "7"), milliseconds(7000)) << type;
    EXPECT_EQ(header(type, "0.5"), milliseconds(500)) << type;
    EXPECT_EQ(header(type, "0"), milliseconds(0)) << type;
    EXPECT_FALSE(header(type, "soon")) << type;
  }
  const auto discord = [](const char* body) {
    return channel("discord")->judge({429, {}, body}).retry_after;
  };
  EXPECT_EQ(discord(R"({"retry_after":0.0})"), milliseconds(0));
  EXPECT_EQ(discord(R"({"retry_after":0.0001})"), milliseconds(1));
  EXPECT_EQ(discord(R"({"retry_after":64.57})"), milliseconds(64570));
  EXPECT_EQ(discord(R"({"retry_after":-3})"), milliseconds(0));
  EXPECT_EQ(discord(R"({"retry_after":1e300})"), milliseconds(86400000));
  EXPECT_FALSE(discord(R"({"retry_after":"x"})"));
  const auto telegram = [](const char* body) {
    return channel("telegram")->judge({429, {}, body}).retry_after;
  };
  EXPECT_EQ(telegram(R"({"ok":false,"parameters":{"retry_after":3}})"), milliseconds(3000));
  EXPECT_EQ(telegram(R"({"ok":false,"parameters":{"retry_after":0.5}})"), milliseconds(500));
  EXPECT_EQ(telegram(R"({"ok":false,"parameters":{"retry_after":0}})"), milliseconds(0));
}

}  // namespace
}  // namespace ai_bot
