// Every platform's vectors: the bytes of a request, the secrets and the clock, and what is to come
// of it. vectors/make/make.mjs made them with the platforms' own SDKs; a case is added there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "channels/channel.h"
#include "channels/platform.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;

struct Vectors {
  const char* file;
  size_t least;
};

ChannelConfig config_of(const json& given) {
  ChannelConfig config;
  config.name = "it";
  config.type = given.at("type").get<std::string>();
  config.mode = "webhook";
  const auto text = [&](const char* key) { return given.value(key, std::string()); };
  config.secret = Secret(text("secret"));
  config.app_id = text("app_id");
  config.app_secret = Secret(text("app_secret"));
  config.encrypt_key = Secret(text("encrypt_key"));
  config.verification_token = Secret(text("verification_token"));
  config.client_id = text("client_id");
  config.client_secret = Secret(text("client_secret"));
  config.corp_id = text("corp_id");
  config.agent_id = text("agent_id");
  config.token = Secret(text("token"));
  config.aes_key = Secret(text("aes_key"));
  config.bot_token = Secret(text("bot_token"));
  config.signing_secret = Secret(text("signing_secret"));
  config.application_id = text("application_id");
  config.public_key = text("public_key");
  return config;
}

json written(const Event& event) {
  json out = {{"event_id", event.event_id},
              {"conversation", event.conversation},
              {"sender", event.sender},
              {"text", event.text},
              {"address", object_of(event.address)}};
  for (const Attachment& a : event.attachments)
    out["attachments"].push_back({a.id, a.name, a.type, a.size});
  if (!event.fixed_answer.empty()) out["fixed_answer"] = event.fixed_answer;
  if (!event.album.empty()) out["album"] = event.album;
  if (!event.edits.empty()) out["edits"] = event.edits;
  if (event.only_joins) out["only_joins"] = true;
  return out;
}

std::function<std::string(const char*)> values_of(const json& vector, const char* part) {
  return [values = vector.value(part, json::object())](const char* name) {
    return values.value(name, std::string());
  };
}

class ChannelVectors : public testing::TestWithParam<Vectors> {};

TEST_P(ChannelVectors, AreJudgedAsTheySay) {
  const json file = test::read_json(std::string("unit/channels/vectors/") + GetParam().file);
  ASSERT_GE(file["vectors"].size(), GetParam().least);
  const auto channel = make_channel(config_of(file["config"]), {});
  ASSERT_NE(channel, nullptr);
  for (const json& vector : file["vectors"]) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const auto body = vector["body"].get<std::string>();
    WebhookRequest request;
    request.body = body;
    request.header = values_of(vector, "headers");
    request.query = values_of(vector, "query");
    request.method = vector.value("method", "POST");
    request.now_ms = vector["now_ms"].get<int64_t>();
    if (vector.contains("self")) {
      request.self = std::make_shared<Identity>(Identity{
          vector["self"]["id"].get<std::string>(), vector["self"]["name"].get<std::string>()});
    }
    const auto reading = channel->receive(request);
    const json& expected = vector["expected"];
    if (expected.contains("error")) {
      ASSERT_FALSE(reading);
      EXPECT_EQ(name_of(reading.error().code), expected["error"].get<std::string>());
      continue;
    }
    ASSERT_TRUE(reading) << reading.error().text.en;
    if (expected.contains("status")) {
      EXPECT_EQ(reading->answer.status, expected["status"].get<int>());
      EXPECT_EQ(reading->answer.body, expected["body"].get<std::string>());
    }
    if (expected.contains("outcome")) {
      EXPECT_FALSE(reading->event);
      EXPECT_EQ(reading->outcome, expected["outcome"].get<std::string>());
      continue;
    }
    ASSERT_TRUE(reading->event) << reading->outcome;
    EXPECT_EQ(reading->event->channel, "it");
    EXPECT_EQ(reading->event->received_ms, request.now_ms);
    EXPECT_EQ(written(*reading->event), expected["event"]);
  }
}

// The operator hears that a clock is wrong; the same sentence for every such request.
TEST_P(ChannelVectors, NameTheClockWhereOnlyTheTimeIsWrong) {
  const std::set<std::string> without_time = {"telegram.json", "feishu-token.json"};
  if (without_time.contains(GetParam().file)) GTEST_SKIP() << "signs no time";
  const json file = test::read_json(std::string("unit/channels/vectors/") + GetParam().file);
  const auto channel = make_channel(config_of(file["config"]), {});
  const auto error_at = [&](const json& vector, int64_t shift_ms) {
    const auto body = vector["body"].get<std::string>();
    WebhookRequest request;
    request.body = body;
    request.header = values_of(vector, "headers");
    request.query = values_of(vector, "query");
    request.method = vector.value("method", "POST");
    request.now_ms = vector["now_ms"].get<int64_t>() + shift_ms;
    const auto reading = channel->receive(request);
    return reading ? "" : reading.error().text.en;
  };
  constexpr int64_t kHour = 3600 * 1000;
  int judged = 0;
  for (const json& vector : file["vectors"]) {
    if (!vector["expected"].contains("event")) continue;
    SCOPED_TRACE(vector["name"].get<std::string>());
    ++judged;
    EXPECT_THAT(error_at(vector, 2 * kHour), testing::HasSubstr("behind this machine's clock"));
    EXPECT_EQ(error_at(vector, 2 * kHour), error_at(vector, 3 * kHour));
    EXPECT_THAT(error_at(vector, -2 * kHour), testing::HasSubstr("ahead of this machine's clock"));
  }
  EXPECT_GE(judged, 3);
  const std::set<std::string> forged = {"another key", "another secret", "another signature",
                                        "a tampered body", "a tampered ciphertext"};
  for (const json& vector : file["vectors"]) {
    if (!forged.contains(vector["name"].get<std::string>())) continue;
    EXPECT_THAT(error_at(vector, 2 * kHour), testing::Not(testing::HasSubstr("is right")));
  }
}

INSTANTIATE_TEST_SUITE_P(Platforms, ChannelVectors,
                         testing::Values(Vectors{"dingtalk.json", 20}, Vectors{"discord.json", 20},
                                         Vectors{"feishu.json", 20},
                                         Vectors{"feishu-token.json", 5}, Vectors{"slack.json", 20},
                                         Vectors{"telegram.json", 20}, Vectors{"wecom.json", 20},
                                         Vectors{"wecom-bot.json", 10}),
                         [](const auto& info) {
                           std::string name = info.param.file;
                           name.resize(name.find('.'));
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace ai_bot
