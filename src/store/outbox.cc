#include "store/outbox.h"

#include "core/clock.h"
#include "core/id.h"

namespace ai_bot::outbox {
namespace {

constexpr int kKeyBytes = 16;

constexpr const char* kColumns =
    "SELECT id, channel, conversation, event_id, idempotency_key, text, request_id, attempts, "
    "next_ms, "
    "created_ms, error, kind FROM outbox ";

Entry entry_of(SQLite::Statement& row) {
  Entry entry;
  entry.reply = {row.getColumn(0).getInt64(),  row.getColumn(1).getString(),
                 row.getColumn(2).getString(), row.getColumn(3).getString(),
                 row.getColumn(4).getString(), row.getColumn(5).getString(),
                 row.getColumn(6).getString(), row.getColumn(11).getString() == "notice"};
  entry.attempts = row.getColumn(7).getInt();
  entry.next_ms = row.getColumn(8).getInt64();
  entry.created_ms = row.getColumn(9).getInt64();
  entry.error = row.getColumn(10).getString();
  return entry;
}

std::vector<Entry> list(SQLite::Statement& select) {
  std::vector<Entry> entries;
  while (select.executeStep()) entries.push_back(entry_of(select));
  return entries;
}

void set_state(Connection& connection, int64_t id, State state, const std::string& error) {
  auto& update =
      connection.prepare("UPDATE outbox SET state=?, error=?, attempts=attempts+1 WHERE id=?");
  update.bind(1, static_cast<int>(state));
  update.bindNoCopy(2, error);
  update.bind(3, id);
  update.exec();
}

}  // namespace

int64_t add(Connection& connection, int64_t inbox_id, const Event& event, Kind kind,
            const std::string& text, bool held) {
  auto& insert = connection.prepare(
      "INSERT INTO outbox (inbox_id, kind, channel, conversation, event_id, idempotency_key, text, "
      "request_id, created_ms, state) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (inbox_id, kind) DO "
      "NOTHING");
  insert.bind(1, inbox_id);
  insert.bind(2, kind == Kind::kAnswer ? "answer" : "notice");
  insert.bindNoCopy(3, event.channel);
  insert.bindNoCopy(4, event.conversation);
  insert.bindNoCopy(5, event.event_id);
  insert.bind(6, random_hex(kKeyBytes));
  insert.bindNoCopy(7, text);
  insert.bindNoCopy(8, event.request_id);
  insert.bind(9, now_ms());
  insert.bind(10, static_cast<int>(held ? State::kDelivered : State::kOpen));
  return insert.exec() == 1 ? connection.database().getLastInsertRowid() : 0;
}

std::vector<Entry> open_after(Connection& connection, int64_t after, int limit) {
  static const std::string sql =
      std::string(kColumns) + "WHERE state=0 AND id>? ORDER BY id LIMIT ?";
  auto& select = connection.prepare(sql.c_str());
  select.bind(1, after);
  select.bind(2, limit);
  return list(select);
}

std::optional<Entry> get_open(Connection& connection, int64_t id) {
  static const std::string sql = std::string(kColumns) + "WHERE state=0 AND id=?";
  auto& select = connection.prepare(sql.c_str());
  select.bind(1, id);
  auto entries = list(select);
  return entries.empty() ? std::nullopt : std::optional(std::move(entries.front()));
}

std::vector<Entry> open_of(Connection& connection, int64_t inbox_id) {
  static const std::string sql = std::string(kColumns) + "WHERE state=0 AND inbox_id=? ORDER BY id";
  auto& select = connection.prepare(sql.c_str());
  select.bind(1, inbox_id);
  return list(select);
}

std::optional<std::string> answer_to(Connection& connection, int64_t inbox_id) {
  auto& select = connection.prepare("SELECT text FROM outbox WHERE inbox_id=? AND kind='answer'");
  select.bind(1, inbox_id);
  if (!select.executeStep()) return std::nullopt;
  std::string text = select.getColumn(0).getString();
  select.reset();
  return text;
}

void delivered(Connection& connection, int64_t id) {
  set_state(connection, id, State::kDelivered, "");
}

void bury(Connection& connection, int64_t id, const std::string& error) {
  set_state(connection, id, State::kDead, error);
}

void postpone(Connection& connection, int64_t id, int64_t next_ms, const std::string& error) {
  auto& update =
      connection.prepare("UPDATE outbox SET attempts=attempts+1, next_ms=?, error=? WHERE id=?");
  update.bind(1, next_ms);
  update.bindNoCopy(2, error);
  update.bind(3, id);
  update.exec();
}

std::vector<Entry> dead(Connection& connection, int limit) {
  static const std::string sql = std::string(kColumns) + "WHERE state=2 ORDER BY id DESC LIMIT ?";
  auto& select = connection.prepare(sql.c_str());
  select.bind(1, limit);
  return list(select);
}

int replay(Connection& connection) {
  return connection.prepare("UPDATE outbox SET state=0, attempts=0, next_ms=0 WHERE state=2")
      .exec();
}

Counts count(Connection& connection) {
  auto& select = connection.prepare(
      "SELECT (SELECT count(*) FROM outbox WHERE state=0), (SELECT count(*) FROM outbox WHERE "
      "state=2)");
  select.executeStep();
  const Counts counts{select.getColumn(0).getInt64(), select.getColumn(1).getInt64()};
  select.reset();
  return counts;
}

}  // namespace ai_bot::outbox
