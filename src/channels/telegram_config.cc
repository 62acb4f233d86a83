#include <regex>

#include "channels/telegram.h"

namespace ai_bot {

// Those it has, others have too.
void TelegramChannel::keys(Visitor&, ChannelConfig&) {}

void TelegramChannel::check(const ChannelCheck& check) {
  check.modes({"webhook", "connect"});
  static const std::regex token("[0-9]+:[A-Za-z0-9_-]+");
  if (!std::regex_match(check.channel.bot_token.reveal(), token)) {
    check.error("bot_token", "is missing or not of the form 123456:ABC…, as BotFather gives it",
                "缺失或不是 123456:ABC… 形式（由 BotFather 提供）");
  }
  check.needs(check.connects() || !check.channel.secret.empty(), "secret");
}

}  // namespace ai_bot
