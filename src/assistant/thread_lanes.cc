#include "assistant/thread_lanes.h"

#include <algorithm>

#include "core/guarded.h"

namespace ai_bot {
namespace {

// At most this long at once: a time far in the future would overflow the clock.
constexpr milliseconds kLongestNap{3600000};

}  // namespace

ThreadLanes::ThreadLanes(int most_threads) : most_threads_(most_threads) {
  threads_.emplace_back([this] { work(); });
}

void ThreadLanes::add(const std::string& name, Turn turn, int64_t not_before_ms) {
  std::lock_guard lock(mutex_);
  if (stopping_) return;
  const auto lane = lanes_.try_emplace(name).first;
  lane->second.turns.push_back(std::move(turn));
  ++waiting_;
  if (lane->second.turns.size() > 1 || lane->second.running) return;
  lane->second.not_before_ms = not_before_ms;
  schedule(lane);
}

// The lane has a turn and none is running: make it ready, now or later.
void ThreadLanes::schedule(LaneMap::iterator lane) {
  if (lane->second.not_before_ms > now_ms()) {
    resting_.emplace(lane->second.not_before_ms, lane->first);
    wake_.notify_all();  // somebody must wait for the earliest time
  } else {
    ready_.push_back(lane->first);
    wake_.notify_one();
  }
  grow();
}

// A thread for each lane that is ready beside those that run, and one that waits for those that
// rest. One that was woken or started counts as there, though it has not come so far yet.
void ThreadLanes::grow() {
  const auto wanted = [this] {
    return ready_.size() + static_cast<size_t>(running_) + (resting_.empty() ? 0 : 1);
  };
  while (!stopping_ && wanted() > threads_.size() &&
         static_cast<int>(threads_.size()) < most_threads_) {
    // Where no further one can be had, the work goes on with those there are.
    if (!guarded("lanes.thread", [this] { threads_.emplace_back([this] { work(); }); })) return;
  }
}

void ThreadLanes::wake_due() {
  const int64_t now = now_ms();
  while (!resting_.empty() && resting_.begin()->first <= now) {
    ready_.push_back(resting_.begin()->second);
    resting_.erase(resting_.begin());
    wake_.notify_one();
  }
  grow();
}

void ThreadLanes::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_due();
    if (ready_.empty()) {
      if (resting_.empty()) {
        wake_.wait(lock);
      } else {
        const milliseconds nap(resting_.begin()->first - now_ms());
        wake_.wait_for(lock, std::min(nap, kLongestNap) + milliseconds(1));
      }
      continue;
    }
    const std::string name = std::move(ready_.front());
    ready_.pop_front();
    Lane& lane = lanes_.at(name);
    lane.running = true;
    Turn turn = std::move(lane.turns.front());
    lane.turns.pop_front();
    --waiting_;
    ++running_;
    lock.unlock();
    const std::optional<int64_t> again = guarded("lanes.turn", turn, std::nullopt);
    lock.lock();
    --running_;
    const auto at = lanes_.find(name);
    at->second.running = false;
    at->second.not_before_ms = again.value_or(0);
    if (again) {
      at->second.turns.push_front(std::move(turn));
      ++waiting_;
    }
    if (at->second.turns.empty()) {
      lanes_.erase(at);
    } else {
      schedule(at);
    }
    if (stopping_) wake_.notify_all();
  }
}

void ThreadLanes::stop(milliseconds grace) {
  std::vector<std::thread> threads;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    wake_.wait_for(lock, grace, [this] { return running_ == 0; });
    interrupted_ = true;
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  // What never began is let go, and whoever waits for it hears so; outside the lock.
  LaneMap dropped;
  {
    std::lock_guard lock(mutex_);
    dropped.swap(lanes_);
    ready_.clear();
    resting_.clear();
    waiting_ = 0;
  }
}

ThreadLanes::Depth ThreadLanes::depth() const {
  std::lock_guard lock(mutex_);
  return {waiting_, running_, static_cast<int64_t>(lanes_.size())};
}

}  // namespace ai_bot
