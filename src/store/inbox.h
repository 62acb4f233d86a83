// The inbox: every event from its acknowledgement to its answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/message.h"

namespace ai_bot {

// Of one transaction (store/ledger.h), and not longer than it.
class Inbox {
 public:
  struct Added {
    int64_t id = 0;       // 0: it does not count (Event::only_joins, Event::edits)
    bool is_new = false;  // false: the same (channel, event_id) was there already, or it is a part
                          // of an event that was
    int64_t next_ms = 0;  // of the entry
  };
  // A new version of what came as a part of an album names that too, and is none itself.
  // A part of an album (Event::album) becomes one with the part that came first, unless that one is
  // not waiting for it any more. A part that tells the same as the first, and more, takes its
  // place.
  virtual Added add(const Event& event) = 0;

  enum class State { kOpen = 0, kDone = 1, kDead = 2 };

  struct Entry {
    int64_t id = 0;
    Event event;
    State state = State::kOpen;
    int attempts = 0;
    int64_t next_ms = 0;  // not before this Unix time
    std::string error;    // why the last attempt failed, in English
    std::string damage;   // what of the row can't be read, in English; empty: nothing
  };
  // Whatever stands in the row, reading it succeeds.
  virtual std::optional<Entry> get(int64_t id) = 0;

  // Only what a lane needs, in the order of arrival.
  struct Open {
    int64_t id;
    std::string lane;
    int64_t next_ms;
  };
  // Open entries with an id above `after`, at most `limit`.
  virtual std::vector<Open> open_after(int64_t after, int limit) = 0;

  virtual void finish(int64_t id) = 0;
  virtual void postpone(int64_t id, int64_t next_ms, const std::string& error) = 0;
  virtual void bury(int64_t id, const std::string& error) = 0;

  // As if it had never come: the row and its replies. For an event that was refused after all, or
  // is forgotten.
  virtual void remove(int64_t id) = 0;

  // The platform's id of the message that grows while the answer is made; empty: none, or it is
  // gone.
  virtual void set_draft(int64_t id, const std::string& draft) = 0;
  virtual std::string draft(int64_t id) = 0;

  // Open entries with damage, at most `limit`; looks at all that are open.
  virtual std::vector<Entry> damaged(size_t limit) = 0;

  // Dead entries, newest first.
  virtual std::vector<Entry> dead(int limit) = 0;
  // Dead entries become open again; returns how many.
  virtual int replay() = 0;

  struct Counts {
    int64_t open = 0;
    int64_t dead = 0;
  };
  // Counts; what health and metrics ask is kept: Ledger::counts().
  virtual Counts count() = 0;

 protected:
  ~Inbox() = default;
};

}  // namespace ai_bot
