// Knows which models could not answer, so that conversations that wait for one need not wait out
// their pause: when one may be asked again a few go on and try it, when one has answered all do.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "core/executor.h"
#include "core/lanes.h"
#include "core/mutex.h"
#include "models/router.h"

namespace ai_bot {

class Recovery : public std::enable_shared_from_this<Recovery> {
 public:
  // `lanes` rest for want of a model. All of them outlive stop().
  Recovery(Router& router, Lanes& lanes, Executor& executor, Clock& clock)
      : router_(router), lanes_(lanes), executor_(executor), clock_(clock) {}

  // No model of this name's chain could answer; one did.
  void failed(const std::string& name);
  void answered(const std::string& name);

  // Wakes nobody any more.
  void stop();

 private:
  void watch_later() REQUIRES(mutex_);
  void watch();

  Router& router_;
  Lanes& lanes_;
  Executor& executor_;
  Clock& clock_;
  Mutex mutex_;
  // By name: whether it could be asked when we last looked.
  std::unordered_map<std::string, bool> down_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace ai_bot
