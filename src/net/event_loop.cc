#include "net/event_loop.h"

#include <trantor/net/EventLoop.h>

namespace ai_bot {
namespace {

double seconds(milliseconds time) { return static_cast<double>(time.count()) / 1000; }

}  // namespace

EventLoop EventLoop::of_this_thread() {
  return EventLoop(trantor::EventLoop::getEventLoopOfCurrentThread());
}

bool EventLoop::is_this_thread() const { return loop_->isInLoopThread(); }

void EventLoop::queue(std::function<void()> work) const { loop_->queueInLoop(std::move(work)); }

void EventLoop::queue_after(milliseconds time, std::function<void()> work) const {
  loop_->runAfter(seconds(time), std::move(work));
}

}  // namespace ai_bot
