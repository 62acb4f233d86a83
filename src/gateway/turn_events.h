// What a turn has to do with channels, replies and those who wait for them.
#pragma once

#include "assistant/assistant.h"
#include "gateway/channel_map.h"
#include "gateway/delivery.h"
#include "gateway/waiters.h"

namespace ai_bot {

// All of it outlives the assistant. `max_text`: bytes of an event's text with its files;
// `image_memory`: of the images of all turns under way.
AssistantEvents turn_events(const ChannelMap& channels, const Outgoing& outgoing, Ledger& ledger,
                            Waiters& waiters, Deliverer& deliverer, size_t max_text,
                            Bytes image_memory);

}  // namespace ai_bot
