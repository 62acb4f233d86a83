#include <algorithm>

#include "core/clock.h"
#include "store/sqlite/tables.h"

namespace ai_bot {
namespace {

// How many of the oldest messages are not read: whole steps of half the limit (and whole turns of
// two messages), so that the first one that is read stays the same for many turns.
int64_t left_out(int64_t total, int64_t limit) {
  if (total <= limit) return 0;
  const int64_t step = std::max<int64_t>(2, limit / 4 * 2);
  return std::min(total, (total - limit + step - 1) / step * step);
}

}  // namespace

void SqliteSessions::add_message(const std::string& key, const char* role,
                                 const std::string& content) {
  auto& insert = connection_.prepare(
      "INSERT INTO message (session, role, content, created_ms) VALUES (?,?,?,?)");
  insert.bindNoCopy(1, key);
  insert.bind(2, role);
  insert.bindNoCopy(3, content);
  insert.bind(4, now_ms());
  insert.exec();
}

SqliteSessions::Session SqliteSessions::load(const std::string& key, int limit) {
  Session session;
  int64_t first = 0;
  auto& head = connection_.prepare("SELECT model, first_message FROM session WHERE key=?");
  head.bindNoCopy(1, key);
  if (head.executeStep()) {
    session.model = head.getColumn(0).getString();
    first = head.getColumn(1).getInt64();
    head.reset();
  }
  auto& count = connection_.prepare("SELECT count(*) FROM message WHERE session=? AND id>?");
  count.bindNoCopy(1, key);
  count.bind(2, first);
  count.executeStep();
  const int64_t total = count.getColumn(0).getInt64();
  count.reset();
  auto& select = connection_.prepare(
      "SELECT role, content FROM message WHERE session=? AND id>? ORDER BY id LIMIT -1 OFFSET ?");
  select.bindNoCopy(1, key);
  select.bind(2, first);
  select.bind(3, left_out(total, limit));
  while (select.executeStep()) {
    ChatMessage message{select.getColumn(0).getString(), select.getColumn(1).getString()};
    // A damaged row must not make every later question be refused by the model.
    if (message.role == "user" || message.role == "assistant")
      session.messages.push_back(std::move(message));
  }
  return session;
}

void SqliteSessions::append(const std::string& key, const std::string& question,
                            const std::string& answer) {
  add_message(key, "user", question);
  add_message(key, "assistant", answer);
}

void SqliteSessions::begin_anew(const std::string& key) {
  auto& upsert = connection_.prepare(
      "INSERT INTO session (key, first_message, changed_ms) VALUES (?1, (SELECT "
      "coalesce(max(id),0) "
      "FROM message), ?2) ON CONFLICT (key) DO UPDATE SET first_message=excluded.first_message, "
      "changed_ms=excluded.changed_ms");
  upsert.bindNoCopy(1, key);
  upsert.bind(2, now_ms());
  upsert.exec();
}

void SqliteSessions::choose_model(const std::string& key, const std::string& model) {
  auto& upsert = connection_.prepare(
      "INSERT INTO session (key, model, changed_ms) VALUES (?,?,?) ON CONFLICT (key) DO UPDATE SET "
      "model=excluded.model, changed_ms=excluded.changed_ms");
  upsert.bindNoCopy(1, key);
  upsert.bindNoCopy(2, model);
  upsert.bind(3, now_ms());
  upsert.exec();
}

}  // namespace ai_bot
