// Sends what is in the outbox: in order within a conversation, several conversations side by side,
// again with backoff (or when the platform's Retry-After says so, for the conversation or the whole
// channel), and into the dead letters when it is hopeless. An attempt whose outcome is unknown is
// repeated under the same idempotency key.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "app/channel_entry.h"
#include "assistant/lanes.h"
#include "store/outbox.h"
#include "store/store.h"
#include "telemetry/metrics.h"

namespace ai_bot {

class Deliverer {
 public:
  Deliverer(Store& store, HttpClient& http, Metrics& metrics, DeliveryConfig config,
            const ChannelMap& channels);

  // Takes up everything that is open and not under way yet (at start, and after a replay).
  void resume();
  // Takes up the replies to one event.
  void deliver(int64_t inbox_id);

  void stop(milliseconds grace) { lanes_.stop(grace); }

 private:
  void take_up(const outbox::Entry& entry);
  std::optional<int64_t> attempt(int64_t id);
  Delivery send(const ChannelEntry& channel, Reply reply);
  Delivery send_once(const ChannelEntry& channel, const Reply& reply);
  std::optional<int64_t> paused_until(const std::string& channel);

  Store& store_;
  HttpClient& http_;
  Metrics& metrics_;
  const DeliveryConfig config_;
  const ChannelMap& channels_;
  std::mutex mutex_;
  std::unordered_set<int64_t> under_way_;            // outbox ids in a lane
  std::unordered_map<std::string, int64_t> paused_;  // channels that a platform asked to wait
  Lanes lanes_;
};

}  // namespace ai_bot
