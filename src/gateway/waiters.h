// Requests that wait for what becomes of an event (sync mode).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include "core/mutex.h"

namespace ai_bot {

class Waiters {
 public:
  // `postponed`: the text is a notice; the answer itself comes later.
  struct Answer {
    std::string text;
    bool postponed = false;
  };
  using OnAnswer = std::function<void(const Answer& answer)>;

  // Returns a ticket to leave with.
  int64_t wait(int64_t inbox_id, OnAnswer on_answer);

  // The request no longer waits. False when its OnAnswer was called already, or is being called.
  bool leave(int64_t inbox_id, int64_t ticket);

  void answered(int64_t inbox_id, const Answer& answer);

  // At a stop: whoever still waits hears that the answer comes later.
  void release();

 private:
  struct Waiter {
    int64_t ticket;
    OnAnswer on_answer;
  };
  Mutex mutex_;
  int64_t next_ticket_ GUARDED_BY(mutex_) = 1;
  std::unordered_multimap<int64_t, Waiter> waiting_ GUARDED_BY(mutex_);
};

}  // namespace ai_bot
