#include "channels/dingtalk.h"
#include "config/table.h"

namespace ai_bot {

// clang-format off
void DingTalkChannel::keys(Visitor& v, ChannelConfig& c) {
  v(c.client_id, {"client_id", {"dingtalk: Client ID (AppKey), also the robot's code.", "dingtalk：Client ID（AppKey），也是 robotCode。"}, kReload});
  v(c.client_secret, {"client_secret", {"dingtalk: Client Secret (AppSecret).", "dingtalk：Client Secret（AppSecret）。"}, kReload});
}
// clang-format on

void DingTalkChannel::check(const ChannelCheck& check) {
  check.modes({"webhook", "connect"});
  check.needs(!check.channel.client_id.empty(), "client_id");
  check.needs(!check.channel.client_secret.empty(), "client_secret");
}

}  // namespace ai_bot
