// What is forgotten after a while: answered events with their replies, and what was said in
// conversations. In steps so small that nobody who writes meanwhile notices.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/clock.h"
#include "store/sqlite/connection.h"

namespace ai_bot {

class Retention {
 public:
  struct Limits {
    milliseconds events;    // since it came; an event that is open, dead or not delivered stays
    milliseconds messages;  // since it was said
  };

  explicit Retention(Limits limits, Clock& clock = Clock::system())
      : limits_(limits), clock_(clock) {}

  // The next step, inside a transaction: at most some dozens of rows, or pages of the file. False
  // when there is nothing more to do for now; the next call begins anew.
  bool step(Connection& connection);

 private:
  bool forget_events(Connection& connection);
  bool forget_messages(Connection& connection);
  bool forget_sessions(Connection& connection);
  bool shrink(Connection& connection);

  const Limits limits_;
  Clock& clock_;
  int phase_ = 0;
  static constexpr std::pair<int64_t, int64_t> kNoEvent{INT64_MIN, 0};
  // Events up to this one (its time and id), and sessions up to this one, were looked at.
  std::pair<int64_t, int64_t> last_event_ = kNoEvent;
  std::string session_key_;
};

}  // namespace ai_bot
