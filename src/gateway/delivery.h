// Sends what is in the outbox: in order within a conversation, several conversations side by side,
// again with backoff (or when the platform's Retry-After says so, for the conversation or the whole
// channel), and into the dead letters when it is hopeless. An attempt whose outcome is unknown is
// repeated under the same idempotency key; one whose outcome is known never is: while the database
// takes no writes nothing is sent, and what came of the sends under way (at most delivery.parallel)
// is kept in memory until it is on disk. Where a damaged place of the database refuses it for good,
// the reply is set aside until the next start.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "assistant/thread_lanes.h"
#include "gateway/channel_entry.h"
#include "store/kept_write.h"
#include "store/outbox.h"
#include "store/store.h"
#include "store/under_way.h"
#include "telemetry/metrics.h"

namespace ai_bot {

class Deliverer {
 public:
  Deliverer(Store& store, UnderWay& under_way, HttpClient& http, Metrics& metrics,
            DeliveryConfig config, const ChannelMap& channels);

  // Takes up everything that is open and not under way yet (at start, and after a replay).
  // What can't be read now is tried again until it can.
  void resume();
  // Takes up the replies to one event. The same.
  void deliver(int64_t inbox_id);

  void stop(milliseconds grace) { lanes_.stop(grace); }

 private:
  // What came of an attempt, while it is not on disk.
  struct Unwritten {
    Delivery delivery;
    std::optional<int64_t> again;  // as ThreadLanes::Turn returns it
    std::string channel;
    std::string request_id;
    KeptWrite kept = {};
  };

  // False when the database could not be read.
  bool take_up_all();
  void retry_later();
  void take_up(const outbox::Entry& entry);
  std::optional<int64_t> attempt(int64_t id, std::optional<Unwritten>& unwritten);
  // Nothing when it is gone, or must wait until `again`.
  std::optional<Unwritten> try_entry(int64_t id, UnderWay::Leave& leave,
                                     std::optional<int64_t>& again);
  Unwritten judged(const outbox::Entry& entry, Delivery delivery);
  std::optional<int64_t> write_down(int64_t id, std::optional<Unwritten>& unwritten);
  Delivery send(const ChannelEntry& channel, Reply reply);
  Delivery send_once(const ChannelEntry& channel, const Reply& reply);
  std::optional<int64_t> paused_until(const std::string& channel);

  Store& store_;
  UnderWay& under_way_;
  HttpClient& http_;
  Metrics& metrics_;
  const DeliveryConfig config_;
  const ChannelMap& channels_;
  std::mutex mutex_;
  std::unordered_set<int64_t> under_way_here_;       // outbox ids in a lane
  std::unordered_map<std::string, int64_t> paused_;  // channels that a platform asked to wait
  std::unordered_set<int64_t> set_aside_;  // outbox ids whose outcome can't be written down
  std::atomic<bool> retries_{false};       // take_up_all() is on its way
  ThreadLanes lanes_;
};

}  // namespace ai_bot
