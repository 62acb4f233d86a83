// The outbox: every reply from the commit of its turn to its delivery.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/message.h"

namespace ai_bot {

// Of one transaction (store/ledger.h), and not longer than it.
class Outbox {
 public:
  enum class Kind { kAnswer, kNotice };
  enum class State { kOpen = 0, kDelivered = 1, kDead = 2 };

  // Adds the reply to the event `inbox_id`, in as many parts as there are texts; a second one of
  // the same kind is not added (the first one stands). `held`: it is fetched by the asker, not
  // sent, and counts as delivered. `first_part`: for a further notice of another sense.
  virtual void add(int64_t inbox_id, const Event& event, Kind kind,
                   const std::vector<std::string>& texts, bool held, int first_part = 0) = 0;

  struct Entry {
    Reply reply;
    int64_t inbox_id = 0;
    int attempts = 0;
    int64_t next_ms = 0;
    int64_t created_ms = 0;
    std::string error;
  };
  virtual std::optional<Entry> get_open(int64_t id) = 0;

  // Only what a lane needs.
  struct Open {
    int64_t id = 0;
    std::string channel;
    std::string conversation;
    int64_t next_ms = 0;  // not before this Unix time
  };
  // The open replies to one event, in order.
  virtual std::vector<Open> open_of(int64_t inbox_id) = 0;
  // Open entries with an id above `after`, in order, at most `limit`.
  virtual std::vector<Open> open_after(int64_t after, int limit) = 0;

  // The answer to an event, once there is one.
  virtual std::optional<std::string> answer_to(int64_t inbox_id) = 0;

  virtual void delivered(int64_t id) = 0;
  // `counts`: as an attempt.
  virtual void postpone(int64_t id, int64_t next_ms, const std::string& error,
                        bool counts = true) = 0;
  virtual void bury(int64_t id, const std::string& error) = 0;
  // Buries the open parts of the same reply that come after this one; returns how many.
  virtual int bury_later_parts(const Entry& entry, const std::string& error) = 0;

  // Dead replies, newest first.
  virtual std::vector<Entry> dead(int limit) = 0;
  // Dead replies become open again; returns how many.
  virtual int replay() = 0;

  struct Counts {
    int64_t open = 0;
    int64_t dead = 0;
  };
  // Counts; what health and metrics ask is kept: Ledger::counts().
  virtual Counts count() = 0;

 protected:
  ~Outbox() = default;
};

}  // namespace ai_bot
