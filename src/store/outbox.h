// The outbox: every reply from the commit of its turn to its delivery. Call these inside
// Store::write or read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/message.h"
#include "store/store.h"

namespace ai_bot::outbox {

enum class Kind { kAnswer, kNotice };
enum class State { kOpen = 0, kDelivered = 1, kDead = 2 };

// Adds the reply to the event `inbox_id`, in as many parts as there are texts; a second one of the
// same kind is not added (the first one stands). `held`: it is fetched by the asker, not sent, and
// counts as delivered. `first_part`: for a further notice of another sense.
void add(Connection& connection, int64_t inbox_id, const Event& event, Kind kind,
         const std::vector<std::string>& texts, bool held, int first_part = 0);

struct Entry {
  Reply reply;
  int64_t inbox_id = 0;
  int attempts = 0;
  int64_t next_ms = 0;
  int64_t created_ms = 0;
  std::string error;
};

std::optional<Entry> get_open(Connection& connection, int64_t id);

// Only what a lane needs.
struct Open {
  int64_t id = 0;
  std::string channel;
  std::string conversation;
  int64_t next_ms = 0;  // not before this Unix time
};
// The open replies to one event, in order.
std::vector<Open> open_of(Connection& connection, int64_t inbox_id);
// Open entries with an id above `after`, in order, at most `limit`.
std::vector<Open> open_after(Connection& connection, int64_t after, int limit);

// The answer to an event, once there is one.
std::optional<std::string> answer_to(Connection& connection, int64_t inbox_id);

void delivered(Connection& connection, int64_t id);
void postpone(Connection& connection, int64_t id, int64_t next_ms, const std::string& error);
void bury(Connection& connection, int64_t id, const std::string& error);
// Buries the open parts of the same reply that come after this one; returns how many.
int bury_later_parts(Connection& connection, const Entry& entry, const std::string& error);

std::vector<Entry> dead(Connection& connection, int limit);
int replay(Connection& connection);

struct Counts {
  int64_t open = 0;
  int64_t dead = 0;
};
Counts count(Connection& connection);

}  // namespace ai_bot::outbox
