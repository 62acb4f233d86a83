#include "core/clock.h"

#include <sodium.h>

#include <algorithm>

namespace ai_bot {

int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

milliseconds backoff(int attempt, milliseconds least, milliseconds most) {
  const int doublings = std::clamp(attempt, 0, 30);
  const int64_t full = std::min<int64_t>(least.count() << doublings, most.count());
  const auto half = static_cast<uint32_t>(std::min<int64_t>(full / 2, UINT32_MAX - 1));
  return milliseconds(full - half + randombytes_uniform(half + 1));
}

}  // namespace ai_bot
