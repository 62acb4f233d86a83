#include "core/executor.h"

#include <algorithm>

#include "core/guarded.h"

namespace ai_bot {
namespace {

// At most this long at once: a time far in the future would overflow what the system waits with.
constexpr milliseconds kLongestNap{3600000};

}  // namespace

Executor::Executor(Options options, Clock& clock)
    : options_(std::move(options)), share_(std::max(1, options_.threads / 2)), clock_(clock) {
  MutexLock lock(mutex_);  // the thread looks at threads_ at once
  threads_.emplace_back([this] { run(); });
}

bool Executor::post(const std::string& group, Work work) {
  MutexLock lock(mutex_);
  if (stopping_ || waiting_ >= options_.most_waiting) return false;
  enqueue(group, std::move(work));
  grow();
  return true;
}

void Executor::post_at(SteadyTime when, const std::string& group, Work work) {
  MutexLock lock(mutex_);
  if (stopping_) return;
  const bool is_next = timed_.empty() || when < timed_.begin()->first;
  timed_.emplace(when, Timed{group, std::move(work)});
  if (is_next) wake_.notify_all();  // whoever waits for a later time
  grow();
}

void Executor::enqueue(const std::string& name, Work work) {
  Group& group = groups_[name];
  group.ready.push_back(std::move(work));
  ++waiting_;
  list(name, group);
  wake_.notify_one();
}

// A group stands in the rotation once while it has work and not yet its share of the threads.
void Executor::list(const std::string& name, Group& group) {
  if (group.is_listed || group.ready.empty() || group.running >= share_) return;
  group.is_listed = true;
  rotation_.push_back(name);
}

// A thread for each group that may run something beside those that run, and one that waits for
// what has its time. One that was woken or started counts as there, though it has not come so far
// yet.
void Executor::grow() {
  const auto wanted = [this] {
    mutex_.assert_held();
    const size_t could = std::min(waiting_, rotation_.size() * static_cast<size_t>(share_));
    return could + static_cast<size_t>(running_) + (timed_.empty() ? 0 : 1);
  };
  while (!stopping_ && wanted() > threads_.size() &&
         static_cast<int>(threads_.size()) < options_.threads) {
    // Where no further one can be had, the work goes on with those there are.
    const bool is_there = guarded("executor.thread", [this] {
      mutex_.assert_held();
      threads_.emplace_back([this] { run(); });
    });
    if (!is_there) return;
  }
}

void Executor::take_due() {
  const SteadyTime now = clock_.now();
  while (!timed_.empty() && timed_.begin()->first <= now) {
    Timed due = std::move(timed_.begin()->second);
    timed_.erase(timed_.begin());
    enqueue(due.group, std::move(due.work));
  }
  grow();
}

void Executor::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    take_due();
    if (run_next()) continue;
    if (timed_.empty()) {
      wake_.wait(lock.native());
    } else {
      const SteadyTime latest = clock_.now() + kLongestNap;
      clock_.wait_until(wake_, lock.native(), std::min(timed_.begin()->first, latest));
    }
  }
}

bool Executor::run_next() {
  if (rotation_.empty()) return false;
  const std::string name = std::move(rotation_.front());
  rotation_.pop_front();
  Group& group = groups_.at(name);  // stays where it is: nothing erases a group that runs
  group.is_listed = false;
  Work work = std::move(group.ready.front());
  group.ready.pop_front();
  --waiting_;
  ++group.running;
  ++running_;
  list(name, group);
  mutex_.unlock();
  guarded("executor.work", work);
  work = nullptr;  // what it holds may be much, and may want our lock
  mutex_.lock();
  --running_;
  --group.running;
  list(name, group);
  if (group.ready.empty() && group.running == 0) groups_.erase(name);
  return true;
}

void Executor::stop() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  wake_.notify_all();
  for (std::thread& thread : threads) thread.join();
  // Let go outside the lock: whoever waits for it may hear so.
  decltype(groups_) groups;
  decltype(timed_) timed;
  MutexLock lock(mutex_);
  groups.swap(groups_);
  timed.swap(timed_);
  rotation_.clear();
  waiting_ = 0;
}

Executor::Depth Executor::depth() const {
  MutexLock lock(mutex_);
  return {static_cast<int64_t>(waiting_), static_cast<int64_t>(timed_.size()), running_};
}

}  // namespace ai_bot
