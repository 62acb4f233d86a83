#include "gateway/channel_entry.h"

#include "core/log.h"

namespace ai_bot {

std::string bot_of(const ChannelEntry& channel) {
  const auto self = channel.access->identity();
  return self == nullptr ? "" : self->handle();
}

void note_connected(const ChannelEntry& channel) {
  if (channel.connection->kind() == ConnectionState::Kind::kConnected) return;
  channel.connection->set(ConnectionState::Kind::kConnected);
  const std::string bot = bot_of(channel);
  log::info("channel.connected", bot.empty() ? "connected" : "connected as " + bot,
            {{"ai_bot.channel", channel.config.name}});
}

}  // namespace ai_bot
