// A circuit breaker: after enough failures, stop asking for a while, then let a trial through.
#pragma once

#include <deque>
#include <mutex>

#include "config/config.h"
#include "core/clock.h"

namespace ai_bot {

class Breaker {
 public:
  enum class State { kClosed, kOpen, kHalfOpen };

  explicit Breaker(const BreakerConfig& config) : config_(config) {}

  // Whether a request may go out now. After true, exactly one of success, failure or neither must
  // follow.
  bool allow(SteadyTime now);
  void success();
  void failure(SteadyTime now);
  // The outcome says nothing about the other side (the asker left, the request itself was wrong).
  void neither();

  State state(SteadyTime now) const;

 private:
  const BreakerConfig config_;
  mutable std::mutex mutex_;
  std::deque<SteadyTime> failures_;  // within the window
  bool open_ = false;
  SteadyTime opened_;
  bool trial_under_way_ = false;
  int64_t good_trials_ = 0;
};

const char* name_of(Breaker::State state);

}  // namespace ai_bot
