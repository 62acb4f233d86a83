// Slack's webhook: the envelope, the events, and the text with its entities.
#include "fuzz/platform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ChannelConfig config;
  config.name = config.type = "slack";
  config.signing_secret = Secret("secret");
  static const auto channel = make_channel(config, {});
  const auto sign = [&](const std::string& key) {
    return "v0=" + to_hex(hmac_sha256(key, "v0:" + fuzz::kNow + ":" + bytes));
  };
  const auto with = [&](const std::string& signature) {
    return fuzz::request(
        bytes, {{"X-Slack-Request-Timestamp", fuzz::kNow}, {"X-Slack-Signature", signature}});
  };
  fuzz::take(*channel, with(sign("secret")));
  fuzz::refuse(*channel, with(sign("another")));
  fuzz::refuse(*channel, with(bytes));
  return 0;
}
