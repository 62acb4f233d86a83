// The configuration of a running server, and how a changed file becomes active.
#pragma once

#include <functional>
#include <vector>

#include "config/output.h"
#include "core/mutex.h"
#include "settings/reader.h"

namespace ai_bot {

// What reading the configuration again came to.
struct Reloaded {
  bool is_taken = false;            // false: it has errors, and nothing was changed
  std::vector<Finding> findings;    // errors and warnings
  std::vector<ChangedKey> changed;  // since the last reload; what needs a restart is not active
};

class LiveConfig {
 public:
  // Reads the configuration again.
  using Reread = std::function<ReadConfig()>;
  using Apply = std::function<void(const Config&)>;

  LiveConfig(Config known, Reread reread) : reread_(std::move(reread)), known_(std::move(known)) {}

  // Reads it, has what is usable applied, and logs what was found and what has changed.
  Reloaded reload(const Apply& apply);

  // Applies again what is known, since something beside the file has changed.
  void apply_again(const Apply& apply);

 private:
  const Reread reread_;
  Mutex mutex_;                      // one at a time
  Config known_ GUARDED_BY(mutex_);  // as of the last reload
};

}  // namespace ai_bot
