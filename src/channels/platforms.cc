#include "channels/platforms.h"

#include "channels/dingtalk.h"
#include "channels/discord.h"
#include "channels/feishu.h"
#include "channels/generic.h"
#include "channels/slack.h"
#include "channels/telegram.h"
#include "channels/wecom.h"

namespace ai_bot {
namespace {

template <class T>
std::unique_ptr<Channel> make(const ChannelConfig& config, const ChannelLimits& limits) {
  return std::make_unique<T>(config, limits);
}

template <class T>
constexpr Platform platform(std::string_view type) {
  return {type, make<T>, T::keys, T::check};
}

constexpr Platform kPlatforms[] = {
    platform<DingTalkChannel>("dingtalk"), platform<DiscordChannel>("discord"),
    platform<FeishuChannel>("feishu"),     platform<GenericChannel>("generic"),
    platform<SlackChannel>("slack"),       platform<TelegramChannel>("telegram"),
    platform<WeComChannel>("wecom"),
};

}  // namespace

std::span<const Platform> platforms() { return kPlatforms; }

const Platform* find_platform(std::string_view type) {
  for (const Platform& platform : kPlatforms) {
    if (platform.type == type) return &platform;
  }
  return nullptr;
}

std::unique_ptr<Channel> make_channel(const ChannelConfig& config, const ChannelLimits& limits) {
  const Platform* platform = find_platform(config.type);
  return platform != nullptr ? platform->make(config, limits) : nullptr;
}

}  // namespace ai_bot
