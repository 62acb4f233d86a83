// A few threads for many small pieces of work that do not wait for the network: a named, bounded
// pool that is fair between groups. A group (a channel, a model) gets at most half of the threads,
// so that what makes one slow leaves room for the others; groups that have work take turns.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"

namespace ai_bot {

class Executor {
 public:
  using Work = std::function<void()>;

  struct Options {
    std::string name;              // in logs
    int threads = 4;               // at most; all but one are started when they are first needed
    size_t most_waiting = 200000;  // pieces of work, without those whose time has not come
  };

  // Throws std::system_error when not even one thread can be had.
  explicit Executor(Options options, Clock& clock = Clock::system());
  ~Executor() { stop(); }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Runs `work` on one of the threads; what it throws is logged there. False, and the work is let
  // go, when too much waits already or after stop().
  [[nodiscard]] bool post(const std::string& group, Work work);

  // The same, not before `when`. What has not come to its time at stop() is let go.
  void post_at(SteadyTime when, const std::string& group, Work work);

  // Waits for what is running and lets the rest go. Not from one of its own threads.
  void stop();

  struct Depth {
    int64_t waiting = 0;  // ready, without a thread
    int64_t timed = 0;    // waits for its time
    int64_t running = 0;
  };
  Depth depth() const;

 private:
  struct Group {
    std::deque<Work> ready;
    int running = 0;
    bool is_listed = false;  // in rotation_
  };
  struct Timed {
    std::string group;
    Work work;
  };

  void run();
  void enqueue(const std::string& group, Work work) REQUIRES(mutex_);
  void list(const std::string& name, Group& group) REQUIRES(mutex_);
  void take_due() REQUIRES(mutex_);
  void grow() REQUIRES(mutex_);
  bool run_next() REQUIRES(mutex_);

  const Options options_;
  const int share_;  // threads of one group at most
  Clock& clock_;
  mutable Mutex mutex_;
  std::condition_variable wake_;
  // Those with work, waiting or running, and those of them that may run something now.
  std::unordered_map<std::string, Group> groups_ GUARDED_BY(mutex_);
  std::deque<std::string> rotation_ GUARDED_BY(mutex_);
  std::multimap<SteadyTime, Timed> timed_ GUARDED_BY(mutex_);
  size_t waiting_ GUARDED_BY(mutex_) = 0;
  int running_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
};

}  // namespace ai_bot
