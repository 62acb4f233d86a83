#include "store/sqlite/retention.h"

#include <vector>

#include "store/sqlite/tables.h"

namespace ai_bot {
namespace {

constexpr int kEvents = 50;
constexpr int kMessages = 100;
constexpr int kSessions = 200;
constexpr int kPages = 50;
// Fewer free pages than that are left for what comes next.
constexpr int64_t kFreePages = 2000;

int64_t pragma(Connection& connection, const char* sql) {
  auto& select = connection.prepare(sql);
  select.executeStep();
  const int64_t value = select.getColumn(0).getInt64();
  select.reset();
  return value;
}

bool is_delivered(Connection& connection, int64_t event) {
  auto& select = connection.prepare("SELECT 1 FROM outbox WHERE inbox_id=? AND state<>1 LIMIT 1");
  select.bind(1, event);
  const bool is_left = select.executeStep();
  select.reset();
  return !is_left;
}

}  // namespace

bool Retention::step(Connection& connection) {
  using Phase = bool (Retention::*)(Connection&);
  constexpr Phase kPhases[] = {&Retention::forget_events, &Retention::forget_messages,
                               &Retention::forget_sessions, &Retention::shrink};
  if ((this->*kPhases[phase_])(connection)) return true;
  phase_ = (phase_ + 1) % static_cast<int>(std::size(kPhases));
  return phase_ != 0;
}

bool Retention::forget_events(Connection& connection) {
  auto& select = connection.prepare(
      "SELECT received_ms, id FROM inbox WHERE state=1 AND received_ms<? "
      "AND (received_ms, id)>(?,?) ORDER BY received_ms, id LIMIT ?");
  select.bind(1, clock_.unix_ms() - limits_.events.count());
  select.bind(2, last_event_.first);
  select.bind(3, last_event_.second);
  select.bind(4, kEvents);
  std::vector<std::pair<int64_t, int64_t>> events;
  while (select.executeStep())
    events.emplace_back(select.getColumn(0).getInt64(), select.getColumn(1).getInt64());
  SqliteInbox inbox(connection);
  for (const auto& [time, event] : events) {
    if (is_delivered(connection, event)) inbox.remove(event);
  }
  const bool is_more = events.size() == kEvents;
  last_event_ = is_more ? events.back() : kNoEvent;
  return is_more;
}

// Messages are in the order of their time.
bool Retention::forget_messages(Connection& connection) {
  auto& remove = connection.prepare(
      "DELETE FROM message WHERE created_ms<? AND id<=(SELECT max(id) FROM "
      "(SELECT id FROM message ORDER BY id LIMIT ?))");
  remove.bind(1, clock_.unix_ms() - limits_.messages.count());
  remove.bind(2, kMessages);
  return remove.exec() == kMessages;
}

// Of which nothing is remembered but that they were begun, or which model they chose.
bool Retention::forget_sessions(Connection& connection) {
  auto& select = connection.prepare(
      "SELECT max(key), count(*) FROM (SELECT key FROM session WHERE key>? ORDER BY key LIMIT ?)");
  select.bind(1, session_key_);
  select.bind(2, kSessions);
  select.executeStep();
  const std::string last = select.getColumn(0).getString();
  const int count = select.getColumn(1).getInt();
  select.reset();
  auto& remove = connection.prepare(
      "DELETE FROM session WHERE key>?1 AND key<=?2 AND changed_ms<?3 AND NOT EXISTS "
      "(SELECT 1 FROM message WHERE session=session.key)");
  remove.bind(1, session_key_);
  remove.bind(2, last);
  remove.bind(3, clock_.unix_ms() - limits_.messages.count());
  remove.exec();
  session_key_ = count == kSessions ? last : "";
  return count == kSessions;
}

// Gives space back to the file system, where the file was made for that (schema.h).
bool Retention::shrink(Connection& connection) {
  const int64_t free = pragma(connection, "PRAGMA freelist_count");
  const bool is_worth = free > kFreePages && free > pragma(connection, "PRAGMA page_count") / 4;
  if (!is_worth || pragma(connection, "PRAGMA auto_vacuum") != 2) return false;
  static const std::string vacuum = "PRAGMA incremental_vacuum(" + std::to_string(kPages) + ")";
  connection.database().exec(vacuum);
  return true;
}

}  // namespace ai_bot
