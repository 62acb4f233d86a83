// A circuit breaker: after enough failures, stop asking for a while, then let a trial through.
#pragma once

#include <deque>
#include <optional>

#include "core/clock.h"
#include "core/mutex.h"
#include "models/config.h"

namespace ai_bot {

class Breaker {
 public:
  enum class State { kClosed, kOpen, kHalfOpen };

  // The leave to ask once. Its outcome is told at most once; a ticket that goes without an outcome
  // (the asker left, the request itself was wrong, something was thrown) says nothing and frees the
  // place of its trial. What it tells counts only as long as the breaker has not opened or closed
  // since: a request from before is no trial. Must not outlive the breaker.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket();

    void success();
    void failure(SteadyTime now);
    // The other side asks for a pause (a rate limit, a start): no failure, but nothing is asked
    // until it is over.
    void rest(SteadyTime now, milliseconds pause);

   private:
    friend class Breaker;
    Ticket(Breaker* breaker, int64_t period) : breaker_(breaker), period_(period) {}

    Breaker* breaker_;  // null: used, or moved from
    int64_t period_;
  };

  explicit Breaker(const BreakerConfig& config) : config_(config) {}

  // Whether a request may go out now.
  std::optional<Ticket> allow(SteadyTime now);

  // The other side is a new one (its process was started again): what its predecessor did is
  // forgotten.
  void forget();

  State state(SteadyTime now) const;

  // What is left of a pause that was asked for; 0: none.
  milliseconds pause_left(SteadyTime now) const;

 private:
  void begin_period(bool open, SteadyTime now) REQUIRES(mutex_);

  const BreakerConfig config_;
  mutable Mutex mutex_;
  std::deque<SteadyTime> failures_ GUARDED_BY(mutex_);  // within the window
  bool open_ GUARDED_BY(mutex_) = false;
  SteadyTime opened_ GUARDED_BY(mutex_);
  SteadyTime rests_until_ GUARDED_BY(mutex_);
  // Grows when it opens and closes, so that older tickets are known.
  int64_t period_ GUARDED_BY(mutex_) = 0;
  bool trial_under_way_ GUARDED_BY(mutex_) = false;
  int64_t good_trials_ GUARDED_BY(mutex_) = 0;
};

const char* name_of(Breaker::State state);

}  // namespace ai_bot
