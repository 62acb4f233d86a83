#include <regex>

#include "channels/discord.h"
#include "config/table.h"

namespace ai_bot {

// clang-format off
void DiscordChannel::keys(Visitor& v, ChannelConfig& c) {
  v(c.application_id, {"application_id", {"discord: Application ID.", "discord：Application ID。"}, kReload});
  v(c.public_key, {"public_key", {"discord: Public Key, 64 hexadecimal digits, for mode webhook.", "discord：Public Key，64 位十六进制，webhook 模式使用。"}, kReload});
}
// clang-format on

void DiscordChannel::check(const ChannelCheck& check) {
  const ChannelConfig& c = check.channel;
  check.modes({"webhook", "connect"});
  check.needs(!c.application_id.empty(), "application_id");
  check.needs(!c.bot_token.empty(), "bot_token");
  static const std::regex hex("[0-9a-fA-F]{64}");
  if (!check.connects() && !std::regex_match(c.public_key, hex)) {
    check.error("public_key", "is missing or not 64 hexadecimal digits",
                "缺失或不是 64 位十六进制数字");
  }
}

}  // namespace ai_bot
