// Sends what is in the outbox: in order within a conversation, several conversations side by side,
// again with backoff (or when the platform's Retry-After says so), and into the dead letters when
// it is hopeless. An attempt whose outcome is unknown is repeated under the same idempotency key.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "assistant/lanes.h"
#include "channels/channel.h"
#include "store/outbox.h"
#include "store/store.h"
#include "telemetry/metrics.h"

namespace ai_bot {

class Deliverer {
 public:
  using FindChannel = std::function<std::shared_ptr<const Channel>(const std::string& name)>;

  Deliverer(Store& store, HttpClient& http, Metrics& metrics, DeliveryConfig config,
            FindChannel find_channel);

  // Takes up everything that is open and not under way yet (at start, and after a replay).
  void resume();
  // Takes up the replies to one event.
  void deliver(int64_t inbox_id);

  void stop(milliseconds grace) { lanes_.stop(grace); }

 private:
  void take_up(const outbox::Entry& entry);
  std::optional<int64_t> attempt(int64_t id);
  Delivery send(const Channel& channel, const Reply& reply);

  Store& store_;
  HttpClient& http_;
  Metrics& metrics_;
  const DeliveryConfig config_;
  const FindChannel find_channel_;
  std::mutex mutex_;
  std::unordered_set<int64_t> under_way_;  // outbox ids in a lane
  Lanes lanes_;
};

}  // namespace ai_bot
