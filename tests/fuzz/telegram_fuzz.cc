// Telegram's webhook: the update and its entities, whose offsets count UTF-16 units.
#include "fuzz/platform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ChannelConfig config;
  config.name = config.type = "telegram";
  config.bot_token = Secret("42:token");
  config.secret = Secret("secret");
  static const auto channel = make_channel(config, {});
  fuzz::take(*channel, fuzz::request(bytes, {{"X-Telegram-Bot-Api-Secret-Token", "secret"}}));
  if (bytes != "secret")
    fuzz::refuse(*channel, fuzz::request("{}", {{"X-Telegram-Bot-Api-Secret-Token", bytes}}));
  return 0;
}
