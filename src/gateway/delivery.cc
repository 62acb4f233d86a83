#include "gateway/delivery.h"

#include <algorithm>

#include "core/guarded.h"
#include "gateway/delivery_attempt.h"

namespace ai_bot {
namespace {

constexpr milliseconds kLongestRetryAfter{86400000};

}  // namespace

Deliverer::Deliverer(Ledger& ledger, UnderWay& under_way, Metrics& metrics,
                     const Outgoing& outgoing, const DeliveryConfig& config,
                     const ChannelMap& channels)
    : ledger_(ledger),
      under_way_(under_way),
      metrics_(metrics),
      outgoing_(outgoing),
      clock_(outgoing.clock),
      config_(config),
      channels_(channels),
      lanes_("delivery", static_cast<int>(config_.parallel), outgoing.executor, clock_),
      reader_(ledger, outgoing.executor, clock_,
              [this](const Outbox::Open& entry) { take_up(entry); }) {}

void Deliverer::stop(SteadyTime deadline) {
  reader_.stop();
  lanes_.stop(deadline - Lanes::kGiveUp);
}

void Deliverer::take_up(const Outbox::Open& entry) {
  {
    MutexLock lock(mutex_);
    if (set_aside_.contains(entry.id) || !under_way_here_.insert(entry.id).second) return;
  }
  const auto attempt = std::make_shared<Attempt>(*this, entry.id);
  lanes_.add(
      lane_key(entry.channel, entry.conversation), entry.channel,
      [attempt](Lanes::Finish finish) { attempt->begin(std::move(finish)); },
      clock_.steady(entry.next_ms,
                    std::max(kLongestRetryAfter, milliseconds(config_.backoff_max))));
}

void Deliverer::leave(int64_t id) {
  MutexLock lock(mutex_);
  under_way_here_.erase(id);
}

void Deliverer::set_aside(int64_t id) {
  MutexLock lock(mutex_);
  set_aside_.insert(id);
}

void Deliverer::pause(const std::string& channel, SteadyTime until) {
  MutexLock lock(mutex_);
  paused_[channel] = until;
}

std::optional<SteadyTime> Deliverer::paused_until(const std::string& channel) {
  MutexLock lock(mutex_);
  const auto at = paused_.find(channel);
  if (at == paused_.end()) return std::nullopt;
  if (at->second > clock_.now()) return at->second;
  paused_.erase(at);
  return std::nullopt;
}

}  // namespace ai_bot
