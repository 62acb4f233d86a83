// The table of the platforms: a line each.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "channels/channel.h"

namespace ai_bot {

struct Platform {
  std::string_view type;  // in the configuration
  std::unique_ptr<Channel> (*make)(const ChannelConfig& config, const ChannelLimits& limits);
  void (*keys)(Visitor& v, ChannelConfig& c);  // the fields that no other platform has
  void (*check)(const ChannelCheck& check);    // its modes and credentials
};

std::span<const Platform> platforms();

// Null when there is none of that type.
const Platform* find_platform(std::string_view type);

}  // namespace ai_bot
