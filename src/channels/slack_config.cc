#include "channels/slack.h"
#include "config/table.h"

namespace ai_bot {

// clang-format off
void SlackChannel::keys(Visitor& v, ChannelConfig& c) {
  v(c.signing_secret, {"signing_secret", {"slack: Signing Secret, for mode webhook.", "slack：Signing Secret，webhook 模式使用。"}, kReload});
  v(c.app_token, {"app_token", {"slack: app-level token (xapp-…), for mode connect.", "slack：App-level token（xapp-…），connect 模式使用。"}, kReload});
}
// clang-format on

void SlackChannel::check(const ChannelCheck& check) {
  const ChannelConfig& c = check.channel;
  check.modes({"webhook", "connect"});
  check.needs(!c.bot_token.empty(), "bot_token");
  check.needs(check.connects() || !c.signing_secret.empty(), "signing_secret");
  check.needs(!check.connects() || !c.app_token.empty(), "app_token");
}

}  // namespace ai_bot
