// An unset secret verifies nothing, whatever an attacker signs with an empty key. The configuration
// refuses such channels; this is the second lock.
#include <gtest/gtest.h>

#include <map>

#include "channels/channel.h"
#include "channels/signing.h"

namespace ai_bot {
namespace {

constexpr int64_t kNow = 1700000000000;
const std::string kSeconds = "1700000000", kMilliseconds = "1700000000000";
const std::string kBody = R"({"event_id":"e","conversation":"c","sender":"s","text":"hi"})";

// HMAC-SHA256 with an empty key, as an attacker would make it.
std::string forged(const std::string& message) {
  const std::string inner(64, '\x36'), outer(64, '\x5c');
  return sha256(outer + sha256(inner + message));
}

struct Forgery {
  const char* type;
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> query;
};

class EmptySecrets : public testing::TestWithParam<Forgery> {};

TEST_P(EmptySecrets, VerifyNothing) {
  const Forgery& forgery = GetParam();
  ChannelConfig config;
  config.name = "hook";
  config.type = forgery.type;
  const auto channel = make_channel(config, {});
  for (const std::string& body : {kBody, std::string("{}"), std::string()}) {
    WebhookRequest request;
    request.body = body;
    request.now_ms = kNow;
    request.method = "POST";
    request.header = [&](const char* name) {
      const auto at = forgery.headers.find(name);
      return at == forgery.headers.end() ? std::string() : at->second;
    };
    request.query = [&](const char* name) {
      const auto at = forgery.query.find(name);
      return at == forgery.query.end() ? std::string() : at->second;
    };
    const auto reading = channel->receive(request);
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().code, Code::kUnauthorized);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Channels, EmptySecrets,
    testing::Values(
        Forgery{"generic",
                {{"X-Ai-Bot-Timestamp", kSeconds},
                 {"X-Ai-Bot-Signature", "sha256=" + to_hex(forged(kSeconds + "." + kBody))}},
                {}},
        Forgery{
            "generic", {{"X-Ai-Bot-Timestamp", kSeconds}, {"X-Ai-Bot-Signature", "sha256="}}, {}},
        Forgery{"slack",
                {{"X-Slack-Request-Timestamp", kSeconds},
                 {"X-Slack-Signature", "v0=" + to_hex(forged("v0:" + kSeconds + ":" + kBody))}},
                {}},
        Forgery{
            "slack", {{"X-Slack-Request-Timestamp", kSeconds}, {"X-Slack-Signature", "v0="}}, {}},
        Forgery{"dingtalk",
                {{"timestamp", kMilliseconds}, {"sign", to_base64(forged(kMilliseconds + "\n"))}},
                {}},
        Forgery{"dingtalk", {{"timestamp", kMilliseconds}, {"sign", ""}}, {}},
        Forgery{"feishu",
                {{"X-Lark-Request-Timestamp", kSeconds},
                 {"X-Lark-Request-Nonce", "n"},
                 {"X-Lark-Signature", to_hex(sha256(kSeconds + "n" + kBody))}},
                {}},
        Forgery{"wecom",
                {},
                {{"timestamp", kSeconds},
                 {"nonce", "n"},
                 {"msg_signature", to_hex(sha1(kSeconds + "n"))}}},
        Forgery{"telegram", {{"X-Telegram-Bot-Api-Secret-Token", ""}}, {}},
        Forgery{
            "discord",
            {{"X-Signature-Timestamp", kSeconds}, {"X-Signature-Ed25519", std::string(128, '0')}},
            {}}));

TEST(Signing, AnEmptyKeySignsNothingAndEmptyTextsAreNotEqual) {
  EXPECT_EQ(hmac_sha256("", "message"), "");
  EXPECT_NE(hmac_sha256("k", "message"), "");
  EXPECT_FALSE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("a", "a"));
}

}  // namespace
}  // namespace ai_bot
