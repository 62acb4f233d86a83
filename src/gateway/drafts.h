// The message that shows an answer while it grows: posted after channels[].edit_interval, edited at
// that pace, and at last replaced by the answer itself, which comes through the outbox. What fails
// here harms nothing: the answer is then a message of its own.
#pragma once

#include <memory>

#include "assistant/assistant.h"
#include "gateway/channel_entry.h"
#include "gateway/outgoing.h"
#include "store/ledger.h"

namespace ai_bot {

// Shows that an answer is being made, where the platform has something for it, and begins a draft
// where its messages can be edited; none otherwise. Waits for nobody: what is to be sent goes out
// once the platform has given a token. `channel` and `store` outlive the draft.
std::shared_ptr<Draft> begin_draft(const ChannelEntry& channel, const Outgoing& outgoing,
                                   Ledger& ledger, int64_t inbox_id, const Event& event);

}  // namespace ai_bot
