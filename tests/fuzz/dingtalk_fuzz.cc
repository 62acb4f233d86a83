// DingTalk's webhook: the robot's message.
#include "fuzz/platform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ChannelConfig config;
  config.name = config.type = "dingtalk";
  config.client_id = "ding";
  config.client_secret = Secret("secret");
  static const auto channel = make_channel(config, {});
  const std::string now = fuzz::kNow + "000";
  const std::string good = to_base64(hmac_sha256("secret", now + "\nsecret"));
  fuzz::take(*channel, fuzz::request(bytes, {{"timestamp", now}, {"sign", good}}));
  if (bytes != good)
    fuzz::refuse(*channel, fuzz::request("{}", {{"timestamp", now}, {"sign", bytes}}));
  fuzz::refuse(*channel, fuzz::request("{}", {{"timestamp", bytes}, {"sign", good}}));
  return 0;
}
