// What the program is made of, as far as its start and its end are concerned.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/clock.h"

namespace ai_bot {

struct Part {
  std::string name;
  // Begins its work; returns soon.
  std::function<void()> start = nullptr;
  // Ends it, at the latest by the deadline: what is unfinished then is left to the next start. What
  // stands before it in the order is still there.
  std::function<void(SteadyTime deadline)> stop = nullptr;
};

// All parts in their order: each may use those before it.
class Lifecycle {
 public:
  explicit Lifecycle(Clock& clock = Clock::system()) : clock_(clock) {}

  void add(Part part) { parts_.push_back(std::move(part)); }

  // One after another.
  void start();

  // The last one first, all by one deadline; also those that were not started. Once: a second call
  // waits until the first is over. Whatever a part throws, the others are stopped. A part that
  // overruns the deadline is named in the log.
  void stop(SteadyTime deadline);

 private:
  void stop(const Part& part, SteadyTime deadline);

  Clock& clock_;
  std::vector<Part> parts_;
  std::mutex stopping_;
  bool stopped_ = false;
};

}  // namespace ai_bot
