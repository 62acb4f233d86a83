#include "core/part.h"

#include "core/guarded.h"
#include "core/log.h"

namespace ai_bot {

void Lifecycle::start() {
  for (const Part& part : parts_) {
    if (part.start) part.start();
  }
}

void Lifecycle::stop(SteadyTime deadline) {
  std::lock_guard lock(stopping_);
  if (stopped_) return;
  stopped_ = true;
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) stop(*part, deadline);
}

void Lifecycle::stop(const Part& part, SteadyTime deadline) {
  if (!part.stop) return;
  const SteadyTime begun = clock_.now();
  guarded("part.stop", [&] { part.stop(deadline); });
  const SteadyTime ended = clock_.now();
  // Those after a late one are late without a fault of theirs.
  if (ended <= deadline || ended == begun) return;
  const auto took = std::chrono::duration_cast<milliseconds>(ended - begun);
  log::warning("server.stop_late", "a part did not end by the deadline of the stop",
               {{"ai_bot.part", part.name}, {"event.duration_ms", int64_t{took.count()}}});
}

}  // namespace ai_bot
