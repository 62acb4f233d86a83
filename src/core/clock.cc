#include "core/clock.h"

#include <sodium.h>

#include <algorithm>

namespace ai_bot {

int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

namespace {

class SystemClock : public Clock {
 public:
  SteadyTime now() const override { return steady_now(); }
  int64_t unix_ms() const override { return now_ms(); }
  void wait_until(std::condition_variable& wake, std::unique_lock<std::mutex>& lock,
                  SteadyTime until) override {
    wake.wait_until(lock, until);
  }
};

}  // namespace

SteadyTime Clock::steady(int64_t unix_time_ms, milliseconds most) const {
  // Compared before it is subtracted: a damaged row may hold any number.
  const int64_t unix_now = unix_ms();
  if (unix_time_ms <= unix_now) return now();
  const milliseconds left(unix_time_ms - unix_now);
  return now() + std::min(left, most);
}

Clock& Clock::system() {
  static SystemClock clock;
  return clock;
}

milliseconds backoff(int attempt, milliseconds least, milliseconds most) {
  const int doublings = std::clamp(attempt, 0, 30);
  const int64_t full = std::min<int64_t>(least.count() << doublings, most.count());
  const auto half = static_cast<uint32_t>(std::min<int64_t>(full / 2, UINT32_MAX - 1));
  return milliseconds(full - half + randombytes_uniform(half + 1));
}

}  // namespace ai_bot
