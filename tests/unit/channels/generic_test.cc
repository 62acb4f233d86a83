#include "channels/generic.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr const char* kSecret = "0123456789abcdef";

ChannelConfig config(const std::string& mode = "sync") {
  ChannelConfig config;
  config.name = "hook";
  config.secret = Secret(kSecret);
  config.mode = mode;
  config.callback_url = "https://chat.example.com/answers";
  return config;
}

// The vectors were signed by tests/unit/channels/vectors/generic.py, with Python's own hmac.
TEST(GenericChannel, JudgesEveryVector) {
  const json vectors = test::read_json("unit/channels/vectors/generic.json");
  ASSERT_GE(vectors.size(), 20u);
  ChannelLimits limits;
  limits.max_message = 100;
  const GenericChannel channel(config(), limits);
  for (const json& vector : vectors) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const auto body = vector["body"].get<std::string>();
    const WebhookRequest request{
        body, [&](const char* name) { return vector["headers"].value(name, std::string()); },
        vector["now_ms"].get<int64_t>()};
    const auto reading = channel.receive(request);
    const json& expected = vector["expected"];
    if (expected.contains("error")) {
      ASSERT_FALSE(reading);
      EXPECT_EQ(name_of(reading.error().code), expected["error"].get<std::string>());
      EXPECT_NE(reading.error().text.en.find(expected.value("text", "")), std::string::npos)
          << reading.error().text.en;
      continue;
    }
    ASSERT_TRUE(reading) << reading.error().text.en;
    const std::optional<Event>& event = reading->event;
    ASSERT_TRUE(event);
    EXPECT_EQ(event->channel, "hook");
    EXPECT_EQ(event->received_ms, request.now_ms);
    EXPECT_EQ((json{{"event_id", event->event_id},
                    {"conversation", event->conversation},
                    {"sender", event->sender},
                    {"text", event->text}}),
              expected);
  }
}

// The operator hears of the clock; that the asker hears nothing is shown in
// test_long_connections.py.
TEST(GenericChannel, TellsNothingButTheTimeOfARightSignature) {
  const GenericChannel channel(config(), {});
  const auto refused = [&](const std::string& timestamp, const std::string& signature) {
    const auto event = channel.receive(
        {"{}",
         [&](const char* name) {
           return std::string(name) == GenericChannel::kTimestampHeader ? timestamp : signature;
         },
         1000000});
    return event ? "accepted" : event.error().text.en;
  };
  EXPECT_EQ(refused("1000", "sha256=00"), refused("", ""));
  EXPECT_EQ(refused("1000", "sha256=00"), refused("1", "sha256=00"));
  EXPECT_NE(refused("1000", "sha256=00"), refused("1", GenericChannel::sign(kSecret, "1", "{}")));
}

TEST(GenericChannel, SignsItsCallbacks) {
  const GenericChannel channel(config("callback"), {});
  const Reply reply{7, "hook", "room", "e1", "key-1", "你好 \"x\"", "request-1"};
  const HttpRequest request = channel.render(reply, "", 1700000000000);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://chat.example.com/answers");
  EXPECT_EQ(json::parse(request.body), (json{{"event_id", "e1"},
                                             {"conversation", "room"},
                                             {"idempotency_key", "key-1"},
                                             {"kind", "answer"},
                                             {"text", "你好 \"x\""}}));
  const std::map<std::string, std::string> headers(request.headers.begin(), request.headers.end());
  EXPECT_EQ(headers.at("Idempotency-Key"), "key-1");
  EXPECT_EQ(headers.at("X-Request-Id"), "request-1");
  EXPECT_EQ(headers.at("X-Ai-Bot-Timestamp"), "1700000000");
  EXPECT_EQ(headers.at("X-Ai-Bot-Signature"),
            GenericChannel::sign(kSecret, "1700000000", request.body));
}

TEST(GenericChannel, TellsPassingRefusalsFromFinalOnes) {
  const GenericChannel channel(config("callback"), {});
  using Outcome = Delivery::Outcome;
  const std::pair<int, Outcome> cases[] = {
      {200, Outcome::kDelivered}, {202, Outcome::kDelivered}, {204, Outcome::kDelivered},
      {400, Outcome::kFinal},     {401, Outcome::kFinal},     {404, Outcome::kFinal},
      {408, Outcome::kRetry},     {429, Outcome::kRetry},     {500, Outcome::kRetry},
      {503, Outcome::kRetry},     {301, Outcome::kFinal}};
  for (const auto& [status, outcome] : cases)
    EXPECT_EQ(channel.judge({status, {}, ""}).outcome, outcome) << status;
  EXPECT_EQ(channel.judge({429, {{"retry-after", "7"}}, ""}).retry_after, milliseconds(7000));
}

TEST(GenericChannel, HoldsItsRepliesInSyncMode) {
  EXPECT_TRUE(GenericChannel(config("sync"), {}).holds_replies());
  EXPECT_FALSE(GenericChannel(config("callback"), {}).holds_replies());
}

TEST(MakeChannel, KnowsTheTypesOfTheTable) {
  ChannelConfig known = config();
  EXPECT_NE(make_channel(known, {}), nullptr);
  known.type = "carrier pigeon";
  EXPECT_EQ(make_channel(known, {}), nullptr);
}

}  // namespace
}  // namespace ai_bot
