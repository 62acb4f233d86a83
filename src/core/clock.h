// Time, and what grows with it: backoff.
#pragma once

#include <chrono>
#include <cstdint>

namespace ai_bot {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// Unix time in milliseconds.
int64_t now_ms();

inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

inline milliseconds since(SteadyTime start) {
  return std::chrono::duration_cast<milliseconds>(steady_now() - start);
}

// The wait before attempt number `attempt` (0: the first repeat): `least` doubled each time, at
// most `most`, with "equal jitter": half of it fixed, half random, so that many waiters do not
// return at once.
milliseconds backoff(int attempt, milliseconds least, milliseconds most);

}  // namespace ai_bot
