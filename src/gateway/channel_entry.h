// A configured channel as it runs.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "channels/channel.h"
#include "gateway/connection_state.h"
#include "gateway/platform_access.h"

namespace ai_bot {

struct ChannelEntry {
  std::shared_ptr<const Channel> channel;
  ChannelConfig config;
  std::shared_ptr<PlatformAccess> access;
  std::shared_ptr<ConnectionState> connection = std::make_shared<ConnectionState>();
  // Of its webhook: connecting until the first authentic request, then connected, and refused while
  // the last one was none.
  std::shared_ptr<ConnectionState> webhook = std::make_shared<ConnectionState>();
  // Of the replies: refused while the platform does not take the credentials.
  std::shared_ptr<ConnectionState> sending = std::make_shared<ConnectionState>();
  // Another one, or none, has its name now: its connection ends.
  std::shared_ptr<std::atomic<bool>> is_retired = std::make_shared<std::atomic<bool>>(false);
};

// The handle or the id of the bot, where the platform told it; else empty.
std::string bot_of(const ChannelEntry& channel);

// Its own connection works. Logged where it did not before.
void note_connected(const ChannelEntry& channel);

}  // namespace ai_bot
