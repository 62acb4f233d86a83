// Sends what is in the outbox: in order within a conversation, several conversations side by side,
// again with backoff (or when the platform's Retry-After says so, for the conversation or the whole
// channel), and into the dead letters when it is hopeless. An attempt whose outcome is unknown is
// repeated under the same idempotency key; one whose outcome is known never is: while the database
// takes no writes nothing is sent, and what came of the sends under way (at most delivery.parallel)
// is kept in memory until it is on disk. Where a damaged place of the database refuses it for good,
// the reply is set aside until the next start. Where a part of an answer is buried, the parts after
// it are too, and the person is told instead.
//
// A send holds no thread while it is under way, and of those under way at most half are one
// channel's: a platform that does not answer keeps only its own conversations waiting.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "core/lanes.h"
#include "core/mutex.h"
#include "gateway/channel_map.h"
#include "gateway/config.h"
#include "gateway/outbox_reader.h"
#include "gateway/outgoing.h"
#include "store/ledger.h"
#include "store/under_way.h"
#include "telemetry/metrics.h"

namespace ai_bot {

class Deliverer {
 public:
  // All of them outlive it; the HTTP client, the store and the executor are stopped before it goes.
  Deliverer(Ledger& ledger, UnderWay& under_way, Metrics& metrics, const Outgoing& outgoing,
            const DeliveryConfig& config, const ChannelMap& channels);

  // Takes up everything that is open and not under way yet (at start, and after a replay), then and
  // from time to time. Returns at once.
  void resume() { reader_.read_all(); }
  // Takes up the replies to one event. Returns at once.
  void deliver(int64_t inbox_id) { reader_.read(inbox_id); }

  // Begins nothing more and ends by the deadline: what is under way shortly before it is given up,
  // counts as no attempt and is sent after the next start.
  void stop(SteadyTime deadline);

  Lanes::Depth depth() const { return lanes_.depth(); }

 private:
  class Attempt;  // at one reply, from its taking up until it is done with

  void take_up(const Outbox::Open& entry);
  // The reply is in its lane no more.
  void leave(int64_t id);
  void set_aside(int64_t id);
  void pause(const std::string& channel, SteadyTime until);
  std::optional<SteadyTime> paused_until(const std::string& channel);

  Ledger& ledger_;
  UnderWay& under_way_;
  Metrics& metrics_;
  const Outgoing outgoing_;
  Clock& clock_;
  const DeliveryConfig config_;
  const ChannelMap& channels_;
  Mutex mutex_;
  std::unordered_set<int64_t> under_way_here_ GUARDED_BY(mutex_);  // outbox ids in a lane
  // Channels that a platform asked to wait.
  std::unordered_map<std::string, SteadyTime> paused_ GUARDED_BY(mutex_);
  // Outbox ids whose outcome can't be written down.
  std::unordered_set<int64_t> set_aside_ GUARDED_BY(mutex_);
  Lanes lanes_;
  OutboxReader reader_;
};

}  // namespace ai_bot
