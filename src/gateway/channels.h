// From the channels of a configuration to those that run.
#pragma once

#include "config/data_folder.h"
#include "gateway/channel_map.h"

namespace ai_bot {

// What channels are built with.
struct ChannelNeeds {
  ChannelLimits limits;
  milliseconds timeout;  // in which access to a platform answers
  const DataFolder& folder;
  HttpClient& http;
};

// Builds those that are new or have changed beside the others, and puts them in their places; the
// others go on as they are. On an error nothing has changed. A generic channel without a secret
// gets the one that is kept in the folder (made at the first start).
Result<void> configure_channels(ChannelMap& channels, const std::vector<ChannelConfig>& configured,
                                const ChannelNeeds& needs);

// The same while they run. An error is logged, and they go on as they were.
void reload_channels(ChannelMap& channels, const std::vector<ChannelConfig>& configured,
                     const ChannelNeeds& needs, Executor& executor);

// Each asks its platform who it is there; until that is known nobody can mean it by its name.
void learn_identities(const ChannelMap& channels, Executor& executor);
void stop_access(const ChannelMap& channels);

}  // namespace ai_bot
