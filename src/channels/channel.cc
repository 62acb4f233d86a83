#include "channels/channel.h"

#include "channels/generic.h"

namespace ai_bot {
namespace {

template <class T>
std::unique_ptr<Channel> make(const ChannelConfig& config, const ChannelLimits& limits) {
  return std::make_unique<T>(config, limits);
}

struct Platform {
  std::string_view type;
  std::unique_ptr<Channel> (*make)(const ChannelConfig&, const ChannelLimits&);
};

constexpr Platform kPlatforms[] = {
    {"generic", make<GenericChannel>},
};

}  // namespace

std::unique_ptr<Channel> make_channel(const ChannelConfig& config, const ChannelLimits& limits) {
  for (const Platform& platform : kPlatforms) {
    if (platform.type == config.type) return platform.make(config, limits);
  }
  return nullptr;
}

}  // namespace ai_bot
