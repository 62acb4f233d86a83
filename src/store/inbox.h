// The inbox: every event from its acknowledgement to its answer. Call these inside Store::write or
// read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/message.h"
#include "store/store.h"

namespace ai_bot::inbox {

struct Added {
  int64_t id = 0;
  bool is_new = false;  // false: the same (channel, event_id) was there already
};
Added add(Connection& connection, const Event& event);

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
std::optional<Entry> get(Connection& connection, int64_t id);

// Only what a lane needs, in the order of arrival.
struct Open {
  int64_t id;
  std::string lane;
  int64_t next_ms;
};
// Open entries with an id above `after`, at most `limit`.
std::vector<Open> open_after(Connection& connection, int64_t after, int limit);

void finish(Connection& connection, int64_t id);
void postpone(Connection& connection, int64_t id, int64_t next_ms, const std::string& error);
void bury(Connection& connection, int64_t id, const std::string& error);

// As if it had never come: the row and its replies. For an event that was refused after all, or is
// forgotten.
void remove(Connection& connection, int64_t id);

// The platform's id of the message that grows while the answer is made; empty: none, or it is gone.
void set_draft(Connection& connection, int64_t id, const std::string& draft);
std::string draft(Connection& connection, int64_t id);

// Open entries with damage, at most `limit`; looks at all that are open.
std::vector<Entry> damaged(Connection& connection, size_t limit);

// Dead entries, newest first.
std::vector<Entry> dead(Connection& connection, int limit);
// Dead entries become open again; returns how many.
int replay(Connection& connection);

struct Counts {
  int64_t open = 0;
  int64_t dead = 0;
};
Counts count(Connection& connection);

}  // namespace ai_bot::inbox
