// Time, and what grows with it: backoff.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace ai_bot {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// Unix time in milliseconds.
int64_t now_ms();

inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

inline milliseconds since(SteadyTime start) {
  return std::chrono::duration_cast<milliseconds>(steady_now() - start);
}

// Where a part takes the time from, so that tests own it. Waits follow the steady time: the clock
// on the wall may be set back while ai_bot runs. Unix time is for what is written down.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual SteadyTime now() const = 0;
  virtual int64_t unix_ms() const = 0;
  // Waits for `wake`, at most until then; may return before, as condition variables do.
  virtual void wait_until(std::condition_variable& wake, std::unique_lock<std::mutex>& lock,
                          SteadyTime until) = 0;

  // A Unix time (ms) of the past or the future as a steady time; of the future, at most `most` from
  // now: a clock that was set back, or a damaged row, must make nothing wait for years.
  SteadyTime steady(int64_t unix_time_ms, milliseconds most) const;

  // The machine's.
  static Clock& system();
};

// The wait before attempt number `attempt` (0: the first repeat): `least` doubled each time, at
// most `most`, with "equal jitter": half of it fixed, half random, so that many waiters do not
// return at once.
milliseconds backoff(int attempt, milliseconds least, milliseconds most);

}  // namespace ai_bot
