#include "gateway/channels.h"

#include <algorithm>

#include "core/log.h"
#include "core/redact.h"

namespace ai_bot {

Result<void> configure_channels(ChannelMap& channels, const std::vector<ChannelConfig>& configured,
                                const ChannelNeeds& needs) {
  std::vector<ChannelEntry> fresh;
  for (ChannelConfig channel : configured) {
    if (channel.type == "generic" && channel.secret.empty()) {
      auto secret = needs.folder.webhook_secret();
      if (!secret) return fail(secret.error());
      channel.secret = *secret;
      keep_secret(secret->reveal());
    }
    const ChannelEntry* present = channels.find(channel.name);
    if (present != nullptr && present->config == channel) continue;
    const std::shared_ptr<const Channel> made = make_channel(channel, needs.limits);
    fresh.push_back(
        {made, channel,
         std::make_shared<PlatformAccess>(channel.name, made, needs.http, needs.timeout)});
  }
  for (const ChannelEntry* present : channels.all()) {
    const auto is_it = [&](const ChannelConfig& c) { return c.name == present->config.name; };
    if (std::none_of(configured.begin(), configured.end(), is_it))
      channels.retire(present->config.name);
  }
  for (ChannelEntry& entry : fresh) channels.put(std::move(entry));
  return {};
}

void reload_channels(ChannelMap& channels, const std::vector<ChannelConfig>& configured,
                     const ChannelNeeds& needs, Executor& executor) {
  if (const auto built = configure_channels(channels, configured, needs); !built)
    return log::error("channels.not_reloaded", built.error().text.en);
  learn_identities(channels, executor);
}

void learn_identities(const ChannelMap& channels, Executor& executor) {
  for (const ChannelEntry* channel : channels.all()) channel->access->learn_identity(executor);
}

void stop_access(const ChannelMap& channels) {
  for (const ChannelEntry* channel : channels.all()) channel->access->stop();
}

}  // namespace ai_bot
