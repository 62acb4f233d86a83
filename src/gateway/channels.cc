#include "gateway/channels.h"

#include "core/redact.h"

namespace ai_bot {

Result<ChannelMap> make_channels(const std::vector<ChannelConfig>& configured,
                                 const ChannelLimits& limits, milliseconds timeout,
                                 const DataFolder& folder, HttpClient& http) {
  ChannelMap channels;
  for (ChannelConfig channel : configured) {
    if (channel.type == "generic" && channel.secret.empty()) {
      auto secret = folder.webhook_secret();
      if (!secret) return fail(secret.error());
      channel.secret = *secret;
      keep_secret(secret->reveal());
    }
    const std::shared_ptr<const Channel> made = make_channel(channel, limits);
    channels[channel.name] = {made, channel,
                              std::make_shared<PlatformAccess>(channel.name, made, http, timeout)};
  }
  return channels;
}

void learn_identities(const ChannelMap& channels, Executor& executor) {
  for (const auto& [name, channel] : channels) channel.access->learn_identity(executor);
}

void stop_access(const ChannelMap& channels) {
  for (const auto& [name, channel] : channels) channel.access->stop();
}

}  // namespace ai_bot
