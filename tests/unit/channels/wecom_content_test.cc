// What an AI bot's messages become, and the greeting within the response.
#include "channels/platform.h"
#include "channels/signing.h"
#include "channels/wecom.h"
#include "support/content_rows.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr int64_t kNow = 1767225600000;

ChannelConfig config_with(const std::string& bot_name) {
  ChannelConfig config;
  config.name = config.type = "wecom";
  config.greeting = "Welcome, 你好";
  config.bot_name = bot_name;
  config.token = Secret("QDG6eK");
  config.aes_key = Secret("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C");
  return config;
}

TEST(WeComContent, OfAnAiBotIsReadAsItsRowsSay) {
  const WeComChannel channel(config_with(""), {});
  test::expect_rows("unit/channels/wecom_content.json",
                    [&](const json& message) { return channel.read(message, kNow); });
}

TEST(WeComContent, TheBotsNameCanBeConfigured) {
  const json message = {{"msgid", "m"},      {"chattype", "group"},
                        {"chatid", "wr"},    {"from", {{"userid", "lena"}}},
                        {"msgtype", "text"}, {"text", {{"content", "@李四 @Team Nova 谁负责？"}}}};
  EXPECT_EQ(WeComChannel(config_with("Team Nova"), {}).read(message, kNow).event->text,
            "@李四 谁负责？");
}

// As WeCom would send it, and open it.
TEST(WeComContent, AGreetingIsSaidWithinTheResponse) {
  const ChannelConfig config = config_with("");
  const std::string key = *from_base64(config.aes_key.reveal());
  const std::string iv = key.substr(0, 16);
  const std::string event = json{{"msgid", "m"},
                                 {"from", {{"userid", "lena"}}},
                                 {"msgtype", "event"},
                                 {"event", {{"eventtype", "enter_chat"}}}}
                                .dump();
  const std::string length = {0, 0, 0, static_cast<char>(event.size())};
  ASSERT_LT(event.size(), 128u);
  const std::string cipher = to_base64(
      *encrypt_aes256_cbc(key, iv, with_pkcs7(std::string(16, 'r') + length + event, 32)));
  const auto signature = [&](const std::string& encrypted) {
    std::vector<std::string> parts = {"QDG6eK", "1767225600", "n", encrypted};
    std::sort(parts.begin(), parts.end());
    return to_hex(sha1(parts[0] + parts[1] + parts[2] + parts[3]));
  };
  const std::string body = json{{"encrypt", cipher}}.dump();
  const std::map<std::string, std::string> query = {
      {"timestamp", "1767225600"}, {"nonce", "n"}, {"msg_signature", signature(cipher)}};
  WebhookRequest request;
  request.body = body;
  request.now_ms = kNow;
  request.query = [&](const char* name) { return query.at(name); };
  const auto reading = WeComChannel(config, {}).receive(request);
  ASSERT_TRUE(reading);
  EXPECT_FALSE(reading->event);
  EXPECT_EQ(reading->outcome, "joined");
  const json answer = object_of(reading->answer.body);
  EXPECT_EQ(answer["msgsignature"], signature(answer["encrypt"].get<std::string>()));
  EXPECT_EQ(answer["timestamp"], 1767225600);
  EXPECT_EQ(answer["nonce"], "n");
  const std::string plain = *without_pkcs7(
      *decrypt_aes256_cbc(key, iv, *from_base64(answer["encrypt"].get<std::string>())), 32);
  EXPECT_EQ(json::parse(plain.substr(20)),
            (json{{"msgtype", "text"}, {"text", {{"content", "Welcome, 你好"}}}}));
  EXPECT_EQ(static_cast<size_t>(plain[19]), plain.size() - 20);
}

}  // namespace
}  // namespace ai_bot
