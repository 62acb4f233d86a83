// Requests to a channel's webhook that were refused. Who sends them hears only a status; the
// operator, who gave another secret here than there or whose clock is wrong, reads it in the log
// and in health.
#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"
#include "core/language.h"
#include "core/mutex.h"

namespace ai_bot {

class Refusals {
 public:
  // Between two lines of the log: anybody can send what is refused.
  static constexpr milliseconds kQuiet{600000};

  // True when the log is to tell it.
  bool note(const Text& why, SteadyTime now) {
    MutexLock lock(mutex_);
    ++count_;
    why_ = why;
    const bool is_told = told_ && now - *told_ < kQuiet;
    if (!is_told) told_ = now;
    return !is_told;
  }

  // One was authentic: those before it were somebody else's.
  void accepted() {
    MutexLock lock(mutex_);
    count_ = 0;
  }

  struct Snapshot {
    int64_t count = 0;  // since the last that was authentic
    Text why;
  };
  Snapshot get() const {
    MutexLock lock(mutex_);
    return {count_, why_};
  }

 private:
  mutable Mutex mutex_;
  int64_t count_ GUARDED_BY(mutex_) = 0;
  Text why_ GUARDED_BY(mutex_) = {};
  std::optional<SteadyTime> told_ GUARDED_BY(mutex_);
};

}  // namespace ai_bot
