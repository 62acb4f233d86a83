#include "core/clock.h"
#include "core/id.h"
#include "core/redact.h"
#include "store/sqlite/tables.h"

namespace ai_bot {
namespace {

constexpr int kKeyBytes = 16;

constexpr const char* kColumns =
    "SELECT o.id, o.channel, o.conversation, o.event_id, o.idempotency_key, o.text, o.request_id, "
    "o.attempts, o.next_ms, o.created_ms, o.error, o.kind, o.part, o.inbox_id, i.address, i.draft "
    "FROM outbox o JOIN inbox i ON i.id = o.inbox_id ";

Outbox::Entry entry_of(SQLite::Statement& row) {
  Outbox::Entry entry;
  entry.reply = {row.getColumn(0).getInt64(),
                 row.getColumn(1).getString(),
                 row.getColumn(2).getString(),
                 row.getColumn(3).getString(),
                 row.getColumn(4).getString(),
                 row.getColumn(5).getString(),
                 row.getColumn(6).getString(),
                 row.getColumn(11).getString() == "notice",
                 row.getColumn(14).getString(),
                 row.getColumn(12).getInt(),
                 ""};
  // An answer takes the draft's place; a notice leaves it to the answer.
  if (!entry.reply.is_notice && entry.reply.part == 0)
    entry.reply.draft = row.getColumn(15).getString();
  entry.inbox_id = row.getColumn(13).getInt64();
  entry.attempts = row.getColumn(7).getInt();
  entry.next_ms = row.getColumn(8).getInt64();
  entry.created_ms = row.getColumn(9).getInt64();
  entry.error = row.getColumn(10).getString();
  return entry;
}

std::vector<Outbox::Entry> list(SQLite::Statement& select) {
  std::vector<Outbox::Entry> entries;
  while (select.executeStep()) entries.push_back(entry_of(select));
  return entries;
}

std::vector<Outbox::Open> open_list(SQLite::Statement& select) {
  std::vector<Outbox::Open> entries;
  while (select.executeStep()) {
    entries.push_back({select.getColumn(0).getInt64(), select.getColumn(1).getString(),
                       select.getColumn(2).getString(), select.getColumn(3).getInt64()});
  }
  return entries;
}

}  // namespace

void SqliteOutbox::set_state(int64_t id, State state, const std::string& error) {
  auto& update =
      connection_.prepare("UPDATE outbox SET state=?, error=?, attempts=attempts+1 WHERE id=?");
  update.bind(1, static_cast<int>(state));
  update.bind(2, redacted(error));
  update.bind(3, id);
  update.exec();
}

void SqliteOutbox::add(int64_t inbox_id, const Event& event, Kind kind,
                       const std::vector<std::string>& texts, bool held, int first_part) {
  auto& insert = connection_.prepare(
      "INSERT INTO outbox (inbox_id, kind, part, channel, conversation, event_id, idempotency_key, "
      "text, request_id, created_ms, state) VALUES (?,?,?,?,?,?,?,?,?,?,?) "
      "ON CONFLICT (inbox_id, kind, part) DO NOTHING");
  for (size_t part = 0; part < texts.size(); ++part) {
    insert.reset();
    insert.bind(1, inbox_id);
    insert.bind(2, kind == Kind::kAnswer ? "answer" : "notice");
    insert.bind(3, first_part + static_cast<int>(part));
    insert.bindNoCopy(4, event.channel);
    insert.bindNoCopy(5, event.conversation);
    insert.bindNoCopy(6, event.event_id);
    insert.bind(7, random_hex(kKeyBytes));
    insert.bindNoCopy(8, texts[part]);
    insert.bindNoCopy(9, event.request_id);
    insert.bind(10, now_ms());
    insert.bind(11, static_cast<int>(held ? State::kDelivered : State::kOpen));
    if (insert.exec() == 0) return;
  }
}

std::vector<Outbox::Open> SqliteOutbox::open_after(int64_t after, int limit) {
  auto& select = connection_.prepare(
      "SELECT id, channel, conversation, next_ms FROM outbox WHERE state=0 AND id>? ORDER BY id "
      "LIMIT ?");
  select.bind(1, after);
  select.bind(2, limit);
  return open_list(select);
}

std::optional<Outbox::Entry> SqliteOutbox::get_open(int64_t id) {
  static const std::string sql = std::string(kColumns) + "WHERE o.state=0 AND o.id=?";
  auto& select = connection_.prepare(sql.c_str());
  select.bind(1, id);
  auto entries = list(select);
  return entries.empty() ? std::nullopt : std::optional(std::move(entries.front()));
}

std::vector<Outbox::Open> SqliteOutbox::open_of(int64_t inbox_id) {
  auto& select = connection_.prepare(
      "SELECT id, channel, conversation, next_ms FROM outbox WHERE state=0 AND inbox_id=? ORDER BY "
      "id");
  select.bind(1, inbox_id);
  return open_list(select);
}

std::optional<std::string> SqliteOutbox::answer_to(int64_t inbox_id) {
  auto& select =
      connection_.prepare("SELECT text FROM outbox WHERE inbox_id=? AND kind='answer' AND part=0");
  select.bind(1, inbox_id);
  if (!select.executeStep()) return std::nullopt;
  std::string text = select.getColumn(0).getString();
  select.reset();
  return text;
}

void SqliteOutbox::delivered(int64_t id) { set_state(id, State::kDelivered, ""); }

void SqliteOutbox::bury(int64_t id, const std::string& error) {
  set_state(id, State::kDead, error);
}

int SqliteOutbox::bury_later_parts(const Entry& entry, const std::string& error) {
  auto& update = connection_.prepare(
      "UPDATE outbox SET state=?, error=? WHERE inbox_id=? AND kind=? AND part>? AND state=0");
  update.bind(1, static_cast<int>(State::kDead));
  update.bind(2, redacted(error));
  update.bind(3, entry.inbox_id);
  update.bind(4, entry.reply.is_notice ? "notice" : "answer");
  update.bind(5, entry.reply.part);
  return update.exec();
}

void SqliteOutbox::postpone(int64_t id, int64_t next_ms, const std::string& error, bool counts) {
  auto& update =
      connection_.prepare("UPDATE outbox SET attempts=attempts+?, next_ms=?, error=? WHERE id=?");
  update.bind(1, counts ? 1 : 0);
  update.bind(2, next_ms);
  update.bind(3, redacted(error));
  update.bind(4, id);
  update.exec();
}

std::vector<Outbox::Entry> SqliteOutbox::dead(int limit) {
  static const std::string sql =
      std::string(kColumns) + "WHERE o.state=2 ORDER BY o.id DESC LIMIT ?";
  auto& select = connection_.prepare(sql.c_str());
  select.bind(1, limit);
  return list(select);
}

int SqliteOutbox::replay() {
  return connection_.prepare("UPDATE outbox SET state=0, attempts=0, next_ms=0 WHERE state=2")
      .exec();
}

SqliteOutbox::Counts SqliteOutbox::count() {
  auto& select = connection_.prepare(
      "SELECT (SELECT count(*) FROM outbox WHERE state=0), (SELECT count(*) FROM outbox WHERE "
      "state=2)");
  select.executeStep();
  const Counts counts{select.getColumn(0).getInt64(), select.getColumn(1).getInt64()};
  select.reset();
  return counts;
}

}  // namespace ai_bot
