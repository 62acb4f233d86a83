#include "channels/generic.h"
#include "config/table.h"

namespace ai_bot {

// clang-format off
void GenericChannel::keys(Visitor& v, ChannelConfig& c) {
  v(c.callback_url, {"callback_url", {"Where answers go in callback mode.", "callback 模式下回答的发送地址。"}, kReload, 0, 0, {}, true});
}
// clang-format on

void GenericChannel::check(const ChannelCheck& check) {
  check.modes({"sync", "callback"});
  if (check.channel.secret.reveal().size() < kLeastSecret) {
    check.error(
        "secret",
        fmt::format("is missing or shorter than {} characters; make one with: openssl rand -hex 32",
                    kLeastSecret),
        fmt::format("缺失或少于 {} 个字符；可用 openssl rand -hex 32 生成", kLeastSecret));
  }
  if (check.channel.mode == "callback") {
    check.checks.needs(!check.channel.callback_url.empty(), check.key + "callback_url",
                       "callback mode sends answers there", "callback 模式需要回答的发送地址");
  }
}

}  // namespace ai_bot
