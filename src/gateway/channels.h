// The channels of a configuration, as they run.
#pragma once

#include "config/data_folder.h"
#include "gateway/channel_entry.h"

namespace ai_bot {

// Each with its access to its platform, which answers within `timeout`. A generic channel without a
// secret gets the one that is kept in the folder (made at the first start).
Result<ChannelMap> make_channels(const std::vector<ChannelConfig>& configured,
                                 const ChannelLimits& limits, milliseconds timeout,
                                 const DataFolder& folder, HttpClient& http);

// Each asks its platform who it is there; until that is known nobody can mean it by its name.
void learn_identities(const ChannelMap& channels, Executor& executor);
void stop_access(const ChannelMap& channels);

}  // namespace ai_bot
