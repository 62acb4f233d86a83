// A clock that stands still until a test moves it.
#pragma once

#include <atomic>

#include "core/clock.h"

namespace ai_bot::test {

class FakeClock : public Clock {
 public:
  SteadyTime now() const override { return SteadyTime(milliseconds(steady_ms_)); }
  int64_t unix_ms() const override { return unix_ms_; }
  // Looks every millisecond whether the time has come.
  void wait_until(std::condition_variable& wake, std::unique_lock<std::mutex>& lock,
                  SteadyTime until) override {
    if (now() < until) wake.wait_for(lock, milliseconds(1));
  }

  void advance(milliseconds by) {
    steady_ms_ += by.count();
    unix_ms_ += by.count();
  }
  // Somebody sets the clock on the wall.
  void set_unix(int64_t unix_ms) { unix_ms_ = unix_ms; }

 private:
  std::atomic<int64_t> steady_ms_{1'000'000};
  std::atomic<int64_t> unix_ms_{1'800'000'000'000};
};

}  // namespace ai_bot::test
