// One lane per conversation: its turns run in order and never two at once; different lanes run side
// by side. A turn begins on one of the executor's threads and holds none while it waits: it says
// itself when it is over.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/executor.h"

namespace ai_bot {

class Lanes {
 public:
  // A turn is over. No value: it is finished. Otherwise its lane rests until then, and the same
  // turn runs again, before any later one of its lane. Called exactly once, on any thread; may
  // outlive the lanes.
  using Finish = std::function<void(std::optional<SteadyTime> again)>;
  // Must not wait for the network. One that throws before it has called its Finish is over.
  using Turn = std::function<void(Finish finish)>;

  // `most_running`: turns under way, of all groups; of one group (a channel) at most half, so that
  // others are not kept waiting by one whose turns take long.
  Lanes(std::string name, int most_running, Executor& executor, Clock& clock = Clock::system());
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  // After stop() the turn is let go: what it stands for is on disk, or hears so by its destructor.
  void add(const std::string& lane, const std::string& group, Turn turn,
           SteadyTime not_before = {});

  // Lanes that rest go on at once, spread over `within` so that they do not all ask together: the
  // `most` that would have gone on first.
  void hurry(milliseconds within, size_t most = SIZE_MAX);

  // Begins no further turn, lets go what never began, waits until `deadline` for what is under way;
  // then interrupted() turns true, and it waits a moment (kGiveUp) for those that ask to give up.
  // False when some did not: they end with what they wait for.
  bool stop(SteadyTime deadline);
  static constexpr milliseconds kGiveUp{1000};

  // True once turns under way must give up; they ask.
  bool interrupted() const;

  struct Depth {
    int64_t waiting = 0;  // turns not begun
    int64_t running = 0;
    int64_t lanes = 0;
  };
  Depth depth() const;
  // Turns of this group that are not begun.
  int64_t waiting(const std::string& group) const;

 private:
  class State;  // shared with the turns under way and with timers
  std::shared_ptr<State> state_;
};

}  // namespace ai_bot
