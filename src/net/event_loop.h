// A thread that serves connections. What runs there runs one after another and must never wait; an
// exception ends only the piece of work that threw it (core/guarded).
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "core/guarded.h"

namespace trantor {
class EventLoop;
}  // namespace trantor

namespace ai_bot {

// Stands for a loop, which outlives what is given to it. Any thread may use it. `place` is a
// constant that says whose work it is, for the log.
class EventLoop {
 public:
  EventLoop() = default;  // none
  explicit EventLoop(trantor::EventLoop* loop) : loop_(loop) {}

  // The loop of the calling thread; none where that has no loop.
  static EventLoop of_this_thread();

  explicit operator bool() const { return loop_ != nullptr; }
  bool is_this_thread() const;
  trantor::EventLoop* framework() const { return loop_; }  // for net itself

  // Runs the work there in its next turn; also when called from there.
  template <class Work>
  void post(std::string_view place, Work work) const {
    queue([place, work = std::move(work)]() mutable { guarded(place, work); });
  }

  // Once, after this time.
  template <class Work>
  void after(milliseconds time, std::string_view place, Work work) const {
    queue_after(time, [place, work = std::move(work)]() mutable { guarded(place, work); });
  }

 private:
  void queue(std::function<void()> work) const;
  void queue_after(milliseconds time, std::function<void()> work) const;

  trantor::EventLoop* loop_ = nullptr;
};

}  // namespace ai_bot
