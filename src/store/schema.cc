#include "store/schema.h"

#include <fmt/format.h>

namespace ai_bot {
namespace {

// Step N brings version N to N+1. Never change one that was released: add another.
constexpr const char* kSteps[] = {
    // inbox.state: 0 open, 1 done, 2 dead. outbox.state: 0 open, 1 delivered, 2 dead.
    // outbox.kind: "answer", or "notice" (all models failed, an answer comes later).
    R"sql(
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL, event_id TEXT NOT NULL, conversation TEXT NOT NULL,
  sender TEXT NOT NULL, text TEXT NOT NULL, request_id TEXT NOT NULL,
  received_ms INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, next_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  UNIQUE (channel, event_id)
);
CREATE INDEX inbox_open ON inbox (id) WHERE state = 0;
CREATE INDEX inbox_dead ON inbox (id) WHERE state = 2;
CREATE INDEX inbox_done ON inbox (received_ms) WHERE state = 1;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  inbox_id INTEGER NOT NULL REFERENCES inbox (id), kind TEXT NOT NULL,
  channel TEXT NOT NULL, conversation TEXT NOT NULL, event_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL, text TEXT NOT NULL, request_id TEXT NOT NULL,
  created_ms INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, next_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  UNIQUE (inbox_id, kind)
);
CREATE INDEX outbox_open ON outbox (id) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 2;

CREATE TABLE session (
  key TEXT PRIMARY KEY,
  model TEXT NOT NULL DEFAULT '',
  first_message INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  session TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL, created_ms INTEGER NOT NULL
);
CREATE INDEX message_session ON message (session, id);
)sql",
    // Where an answer goes, what came with a message, answers in several parts (outbox.part), and
    // the message that grows while an answer is made (inbox.draft). SQLite changes no constraint in
    // place, so the outbox is made anew.
    R"sql(
ALTER TABLE inbox ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN attachments TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN draft TEXT NOT NULL DEFAULT '';

CREATE TABLE new_outbox (
  id INTEGER PRIMARY KEY,
  inbox_id INTEGER NOT NULL REFERENCES inbox (id), kind TEXT NOT NULL,
  part INTEGER NOT NULL DEFAULT 0,
  channel TEXT NOT NULL, conversation TEXT NOT NULL, event_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL, text TEXT NOT NULL, request_id TEXT NOT NULL,
  created_ms INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, next_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  UNIQUE (inbox_id, kind, part)
);
INSERT INTO new_outbox (id, inbox_id, kind, channel, conversation, event_id, idempotency_key, text,
    request_id, created_ms, state, attempts, next_ms, error)
  SELECT id, inbox_id, kind, channel, conversation, event_id, idempotency_key, text, request_id,
    created_ms, state, attempts, next_ms, error FROM outbox;
DROP TABLE outbox;
ALTER TABLE new_outbox RENAME TO outbox;
CREATE INDEX outbox_open ON outbox (id) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 2;
)sql",
};

}  // namespace

Result<void> migrate(SQLite::Database& database) {
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  const int present = static_cast<int>(std::size(kSteps));
  if (version > present) {
    return fail(
        Code::kStorage,
        fmt::format(
            "{}: the database is of a later version of ai_bot (layout {}, this one knows {}): "
            "use that version, or another data_dir",
            database.getFilename(), version, present),
        fmt::format(
            "{}：数据库属于更新版本的 ai_bot（格式 {}，本版本支持到 {}）：请使用该版本，或更换 "
            "data_dir",
            database.getFilename(), version, present));
  }
  for (int step = version; step < present; ++step) {
    SQLite::Transaction transaction(database);
    database.exec(kSteps[step]);
    database.exec(fmt::format("PRAGMA user_version={}", step + 1));
    transaction.commit();
  }
  return {};
}

}  // namespace ai_bot
