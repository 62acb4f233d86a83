// How many turns ask one model at once. A local model makes a few answers side by side and lets
// further requests wait inside it, where their time runs out: they wait here instead, holding
// nothing. Groups (channels) take turns, so that one with many questions leaves others their place.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

#include "core/mutex.h"

namespace ai_bot {

class Gate {
 public:
  using Go = std::function<void()>;

  // Calls `go` once: at once when fewer than `most` are inside, otherwise later, on the thread of
  // somebody who leaves. `who` is any key that is not waiting yet.
  void enter(const void* who, const std::string& group, int most, Go go);
  // Takes back an enter() that was not let in yet; false when it was: then it must leave().
  bool give_up(const void* who);
  void leave();

 private:
  struct Waiting {
    const void* who;
    Go go;
  };

  Mutex mutex_;
  int inside_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::deque<Waiting>> groups_ GUARDED_BY(mutex_);
  std::deque<std::string> rotation_ GUARDED_BY(mutex_);  // groups in which somebody waits
};

}  // namespace ai_bot
