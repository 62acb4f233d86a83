// How an event gets into ai_bot, from a webhook or a connection: committed to the inbox first, then
// acknowledged, then answered.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/parts.h"
#include "store/inbox.h"

namespace ai_bot {

// What became of an event.
struct TakenIn {
  Event event;
  inbox::Added added;
  std::optional<std::string> answer;  // of an event that was answered before
  SteadyTime begun = steady_now();
};
using TakenInPtr = std::shared_ptr<TakenIn>;

// kUnavailable when too many wait already, for their commit or their answer
// (database.max_pending), or ai_bot is stopping; kStorage when the database is gone.
Result<void> may_take_in(Parts& parts, const ChannelEntry& channel);

// Commits the event. `committed` is called on the store's thread, in the order of the commits,
// before the event's turn can begin; it must be quick. An event that was there before is taken in
// without effect. On an event loop's thread the commit begins when this turn of the loop ends, so
// that one takes all events of the turn: nothing may wait for it there.
void take_in(Parts& parts, const ChannelEntry& channel, Event event,
             std::function<void(const TakenInPtr& taken, const Result<void>& result)> committed);

// Counts what was acknowledged and held no event.
void note_ignored(Parts& parts, const ChannelEntry& channel, const Reading& reading);

// Counts and logs an acknowledged event; may be called later, on any thread.
void note_taken_in(Parts& parts, const TakenIn& taken);

}  // namespace ai_bot
