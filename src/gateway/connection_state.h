// How a channel stands in one direction (its own connection, its webhook, its answers), for health
// and metrics.
#pragma once

#include <mutex>
#include <string>

#include "core/clock.h"
#include "core/language.h"

namespace ai_bot {

class ConnectionState {
 public:
  enum class Kind {
    kConnecting,
    kConnected,
    kWaiting,  // it ended or could not be made; it is tried again soon
    kRefused,  // the platform refuses for good until somebody mends the set-up; tried again rarely
  };
  struct Snapshot {
    Kind kind = Kind::kConnecting;
    Text why = {};                    // of kWaiting and kRefused; may be empty
    SteadyTime begun = steady_now();  // of this kind
  };

  // True when the reason is another one than before (and should be logged).
  bool set(Kind kind, const Text& why = {}) {
    std::lock_guard lock(mutex_);
    const bool is_new = !why.en.empty() && why.en != last_problem_;
    if (is_new) last_problem_ = why.en;
    now_ = {kind, why, kind == now_.kind ? now_.begun : steady_now()};
    return is_new;
  }

  // It works again: the next problem is a new one.
  void recovered() {
    std::lock_guard lock(mutex_);
    last_problem_.clear();
  }

  Kind kind() const {
    std::lock_guard lock(mutex_);
    return now_.kind;
  }

  Snapshot get() const {
    std::lock_guard lock(mutex_);
    return now_;
  }

 private:
  mutable std::mutex mutex_;
  Snapshot now_;
  std::string last_problem_;
};

inline const char* name_of(ConnectionState::Kind kind) {
  switch (kind) {
    case ConnectionState::Kind::kConnecting:
      return "connecting";
    case ConnectionState::Kind::kConnected:
      return "connected";
    case ConnectionState::Kind::kWaiting:
      return "waiting";
    case ConnectionState::Kind::kRefused:
      return "refused";
  }
  return "";
}

}  // namespace ai_bot
