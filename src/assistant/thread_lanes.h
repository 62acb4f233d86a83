// One lane per conversation: its turns run in order and never two at once; different lanes run side
// by side on a few threads. One is there from the beginning, the others are started when they are
// first needed, as far as the system has any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/clock.h"

namespace ai_bot {

class ThreadLanes {
 public:
  // Runs one turn. No value: it is finished. Otherwise the Unix time (ms) before which its lane
  // rests; then the same turn runs again, before any later one of its lane. One that throws is
  // over.
  using Turn = std::function<std::optional<int64_t>()>;

  // Throws std::system_error when not even one thread can be had.
  explicit ThreadLanes(int most_threads);
  ~ThreadLanes() { stop(milliseconds(0)); }

  // Not before `not_before_ms`. After stop() the turn is dropped: what it stands for is on disk.
  void add(const std::string& lane, Turn turn, int64_t not_before_ms = 0);

  // Begins no further turn, waits at most `grace` for those under way, then interrupts them and
  // waits until they have given up.
  void stop(milliseconds grace);

  // True once turns under way must give up; they ask.
  bool interrupted() const { return interrupted_; }

  struct Depth {
    int64_t waiting = 0;  // turns not begun
    int64_t running = 0;
    int64_t lanes = 0;
  };
  Depth depth() const;

 private:
  struct Lane {
    std::deque<Turn> turns;
    int64_t not_before_ms = 0;
    bool running = false;
  };
  using LaneMap = std::unordered_map<std::string, Lane>;

  void work();
  void schedule(LaneMap::iterator lane);
  void grow();
  void wake_due();

  const int most_threads_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  LaneMap lanes_;
  std::deque<std::string> ready_;
  std::multimap<int64_t, std::string> resting_;
  std::vector<std::thread> threads_;
  int64_t waiting_ = 0;
  int64_t running_ = 0;
  bool stopping_ = false;
  std::atomic<bool> interrupted_{false};
};

}  // namespace ai_bot
