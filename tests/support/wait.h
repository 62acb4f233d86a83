// Waiting for what another thread or process does: until it is true, at most for a generous while.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace ai_bot::test {

inline bool wait_until(const std::function<bool()>& is_true,
                       std::chrono::milliseconds patience = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace ai_bot::test
