// A configured channel as it runs.
#pragma once

#include <map>
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
  // Of the replies: refused while the platform does not take the credentials.
  std::shared_ptr<ConnectionState> sending = std::make_shared<ConnectionState>();
};

using ChannelMap = std::map<std::string, ChannelEntry>;  // by name; does not change after the start

// Null when there is none (any more): events and replies outlive a change of the configuration.
inline const ChannelEntry* find_channel(const ChannelMap& channels, const std::string& name) {
  const auto at = channels.find(name);
  return at == channels.end() ? nullptr : &at->second;
}

}  // namespace ai_bot
