#include "assistant/gate.h"

#include <algorithm>

namespace ai_bot {

void Gate::enter(const void* who, const std::string& group, int most, Go go) {
  {
    MutexLock lock(mutex_);
    if (inside_ >= most) {
      auto& waiting = groups_[group];
      if (waiting.empty()) rotation_.push_back(group);
      waiting.push_back({who, std::move(go)});
      return;
    }
    ++inside_;
  }
  go();
}

bool Gate::give_up(const void* who) {
  Go dropped;  // goes outside the lock
  MutexLock lock(mutex_);
  for (auto group = groups_.begin(); group != groups_.end(); ++group) {
    auto& waiting = group->second;
    const auto at = std::find_if(waiting.begin(), waiting.end(),
                                 [who](const Waiting& one) { return one.who == who; });
    if (at == waiting.end()) continue;
    dropped = std::move(at->go);
    waiting.erase(at);
    if (waiting.empty()) {
      rotation_.erase(std::find(rotation_.begin(), rotation_.end(), group->first));
      groups_.erase(group);
    }
    return true;
  }
  return false;
}

void Gate::leave() {
  Go next;
  {
    MutexLock lock(mutex_);
    if (rotation_.empty()) {
      --inside_;
      return;
    }
    const std::string name = std::move(rotation_.front());
    rotation_.pop_front();
    auto& waiting = groups_[name];
    next = std::move(waiting.front().go);
    waiting.pop_front();
    if (waiting.empty()) {
      groups_.erase(name);
    } else {
      rotation_.push_back(name);
    }
  }
  next();
}

}  // namespace ai_bot
