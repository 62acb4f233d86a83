// How an event gets into ai_bot, from a webhook or a connection: committed to the inbox first, then
// acknowledged, then answered.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "assistant/assistant.h"
#include "core/mutex.h"
#include "core/phase.h"
#include "gateway/channel_map.h"
#include "store/ledger.h"
#include "telemetry/metrics.h"

namespace ai_bot {

// What became of an event.
struct TakenIn {
  Event event;
  Inbox::Added added;
  std::optional<std::string> answer;  // of an event that was answered before
  SteadyTime begun = steady_now();
};
using TakenInPtr = std::shared_ptr<TakenIn>;

class Intake {
 public:
  // `max_pending`: how many may wait, for their commit or their answer; where there are several
  // channels at most half of them are one's, so that a flooded one leaves room for the others.
  // `replies_waiting`: the outbox holds a reply to this event.
  Intake(Ledger& ledger, Assistant& assistant, Metrics& metrics, const std::atomic<Phase>& phase,
         int64_t max_pending, const ChannelMap& channels,
         std::function<void(int64_t inbox_id)> replies_waiting);

  // kUnavailable when there is no room, or ai_bot is stopping; kStorage when the database is gone.
  Result<void> may_take_in(const ChannelEntry& channel);

  using Committed = std::function<void(const TakenInPtr& taken, const Result<void>& result)>;
  // Commits the event. `committed` is called on the store's thread, in the order of the commits,
  // before the event's turn can begin; it must be quick. An event that was there before is taken in
  // without effect. On an event loop's thread the commit begins when this turn of the loop ends, so
  // that one takes all events of the turn: nothing may wait for it there.
  void take_in(const ChannelEntry& channel, Event event, Committed committed);

  // Whether a request to the channel's webhook was authentic. Logged when that changes, and again
  // at most once in kToldAgain however strangers' requests and the platform's alternate.
  static constexpr milliseconds kToldAgain{600000};
  static void note_authentic(const ChannelEntry& channel);
  static void note_refused(const ChannelEntry& channel, const Text& why);

  // Counts what was acknowledged and held no event.
  void note_ignored(const ChannelEntry& channel, const Reading& reading);

  // Counts and logs an acknowledged event; may be called later, on any thread.
  void note_taken_in(const TakenIn& taken);

 private:
  bool has_room(const std::string& channel);
  void written(const TakenInPtr& taken, Result<void> result, const Committed& committed);

  Ledger& ledger_;
  Assistant& assistant_;
  Metrics& metrics_;
  const std::atomic<Phase>& phase_;
  const int64_t max_pending_;
  const ChannelMap& channels_;
  const std::function<void(int64_t inbox_id)> replies_waiting_;
  Mutex mutex_;
  std::unordered_map<std::string, int64_t> uncommitted_ GUARDED_BY(mutex_);  // by channel
};

}  // namespace ai_bot
