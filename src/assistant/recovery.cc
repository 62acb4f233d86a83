#include "assistant/recovery.h"

namespace ai_bot {
namespace {

constexpr milliseconds kInterval{500};
// Over which those that waited go on, so that they do not all ask at one instant.
constexpr milliseconds kSpread{1000};
constexpr size_t kProbes = 4;
const std::string kGroup = "recovery";

}  // namespace

void Recovery::failed(const std::string& name) {
  const bool is_usable = router_.is_usable(name);
  MutexLock lock(mutex_);
  if (stopped_) return;
  const bool is_first = down_.empty();
  down_.try_emplace(name, is_usable);
  if (is_first) watch_later();
}

void Recovery::answered(const std::string& name) {
  MutexLock lock(mutex_);
  if (!stopped_ && down_.erase(name) > 0) lanes_.hurry(kSpread);
}

void Recovery::stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
}

void Recovery::watch_later() {
  executor_.post_at(clock_.now() + kInterval, kGroup, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->watch();
  });
}

void Recovery::watch() {
  MutexLock lock(mutex_);
  if (stopped_) return;
  bool may_be_asked_again = false;
  for (auto& [name, was_usable] : down_) {
    const bool is_usable = router_.is_usable(name);
    may_be_asked_again |= is_usable && !was_usable;
    was_usable = is_usable;
  }
  if (may_be_asked_again) lanes_.hurry(milliseconds(0), kProbes);
  if (!down_.empty()) watch_later();
}

}  // namespace ai_bot
