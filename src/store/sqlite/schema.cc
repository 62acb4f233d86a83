#include "store/sqlite/schema.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "core/log.h"
#include "store/sqlite/known_events.h"

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
    // Ids that are never given twice (AUTOINCREMENT), and when a session was last changed by a
    // command.
    R"sql(
CREATE TABLE new_inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL, event_id TEXT NOT NULL, conversation TEXT NOT NULL,
  sender TEXT NOT NULL, text TEXT NOT NULL, request_id TEXT NOT NULL,
  received_ms INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, next_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '',
  attachments TEXT NOT NULL DEFAULT '', draft TEXT NOT NULL DEFAULT '',
  UNIQUE (channel, event_id)
);
INSERT INTO new_inbox (id, channel, event_id, conversation, sender, text, request_id, received_ms,
    state, attempts, next_ms, error, address, attachments, draft)
  SELECT id, channel, event_id, conversation, sender, text, request_id, received_ms,
    state, attempts, next_ms, error, address, attachments, draft FROM inbox ORDER BY id;
DROP TABLE inbox;
ALTER TABLE new_inbox RENAME TO inbox;
CREATE INDEX inbox_open ON inbox (id) WHERE state = 0;
CREATE INDEX inbox_dead ON inbox (id) WHERE state = 2;
CREATE INDEX inbox_done ON inbox (received_ms) WHERE state = 1;

CREATE TABLE new_outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  inbox_id INTEGER NOT NULL REFERENCES inbox (id), kind TEXT NOT NULL,
  part INTEGER NOT NULL DEFAULT 0,
  channel TEXT NOT NULL, conversation TEXT NOT NULL, event_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL, text TEXT NOT NULL, request_id TEXT NOT NULL,
  created_ms INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, next_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  UNIQUE (inbox_id, kind, part)
);
INSERT INTO new_outbox (id, inbox_id, kind, part, channel, conversation, event_id, idempotency_key,
    text, request_id, created_ms, state, attempts, next_ms, error)
  SELECT id, inbox_id, kind, part, channel, conversation, event_id, idempotency_key,
    text, request_id, created_ms, state, attempts, next_ms, error FROM outbox ORDER BY id;
DROP TABLE outbox;
ALTER TABLE new_outbox RENAME TO outbox;
CREATE INDEX outbox_open ON outbox (id) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 2;

CREATE TABLE new_message (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL, created_ms INTEGER NOT NULL
);
INSERT INTO new_message (id, session, role, content, created_ms)
  SELECT id, session, role, content, created_ms FROM message ORDER BY id;
DROP TABLE message;
ALTER TABLE new_message RENAME TO message;
CREATE INDEX message_session ON message (session, id);

ALTER TABLE session ADD COLUMN changed_ms INTEGER NOT NULL DEFAULT 0;
UPDATE session SET changed_ms = CAST(strftime('%s', 'now') AS INTEGER) * 1000;
)sql",
    // An event is found by its bucket and hash (store/sqlite/known_events.h) instead of its texts.
    R"sql(
CREATE TABLE new_inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL, event_id TEXT NOT NULL, conversation TEXT NOT NULL,
  sender TEXT NOT NULL, text TEXT NOT NULL, request_id TEXT NOT NULL,
  received_ms INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, next_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '',
  attachments TEXT NOT NULL DEFAULT '', draft TEXT NOT NULL DEFAULT '',
  bucket INTEGER NOT NULL, event_hash INTEGER NOT NULL
);
INSERT INTO new_inbox (id, channel, event_id, conversation, sender, text, request_id, received_ms,
    state, attempts, next_ms, error, address, attachments, draft, bucket, event_hash)
  SELECT id, channel, event_id, conversation, sender, text, request_id, received_ms, state,
    attempts, next_ms, error, address, attachments, draft, id / 16384,
    ai_bot_event_hash(channel, event_id) FROM inbox ORDER BY id;
DELETE FROM sqlite_sequence WHERE name='new_inbox';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_inbox', seq FROM sqlite_sequence
  WHERE name='inbox';
DROP TABLE inbox;
ALTER TABLE new_inbox RENAME TO inbox;
CREATE INDEX inbox_known ON inbox (bucket, event_hash);
CREATE INDEX inbox_open ON inbox (id) WHERE state = 0;
CREATE INDEX inbox_dead ON inbox (id) WHERE state = 2;
CREATE INDEX inbox_done ON inbox (received_ms) WHERE state = 1;
)sql",
    // Buckets of 1,024 events, so that a commit touches fewer pages still.
    R"sql(
DROP INDEX inbox_known;
UPDATE inbox SET bucket = id / 1024;
CREATE INDEX inbox_known ON inbox (bucket, event_hash);
)sql",
};

// To give space back in small steps the file must keep account of its pages. A new one does from
// its beginning; an older one has to be written anew, which is done while it is small.
constexpr int64_t kMostRewritten = 1 << 30;  // bytes; about ten seconds

void make_shrinkable(SQLite::Database& database) {
  constexpr int kIncremental = 2;
  if (database.execAndGet("PRAGMA auto_vacuum").getInt() == kIncremental) return;
  const int64_t size = database.execAndGet("PRAGMA page_count").getInt64() *
                       database.execAndGet("PRAGMA page_size").getInt64();
  if (size > kMostRewritten) {
    log::info("database.never_smaller",
              "the database was made by an earlier version and does not give space back; with "
              "ai_bot stopped, sqlite3 makes it so: PRAGMA auto_vacuum=2; VACUUM",
              {{"file.path", database.getFilename()}});
    return;
  }
  database.exec("PRAGMA auto_vacuum=2");
  // Without room for the copy it stays as it is.
  if (database.tryExec("VACUUM") != SQLite::OK)
    log::info("database.never_smaller", database.getErrorMsg(),
              {{"file.path", database.getFilename()}});
}

// ai_bot_event_hash(channel, event_id)
void event_hash(sqlite3_context* context, int, sqlite3_value** values) {
  const auto text = [&](int i) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(values[i]));
    return bytes == nullptr
               ? std::string()
               : std::string(bytes, static_cast<size_t>(sqlite3_value_bytes(values[i])));
  };
  sqlite3_result_int64(context, KnownEvents::hash_of(text(0), text(1)));
}

}  // namespace

Result<void> migrate(SQLite::Database& database) {
  sqlite3_create_function(database.getHandle(), "ai_bot_event_hash", 2, SQLITE_UTF8, nullptr,
                          event_hash, nullptr, nullptr);
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
  if (version > 0 && version < present) {
    log::info("database.migrating",
              "the database is brought to this version's layout; a million events take half a "
              "minute",
              {{"file.path", database.getFilename()}});
  }
  for (int step = version; step < present; ++step) {
    SQLite::Transaction transaction(database);
    database.exec(kSteps[step]);
    database.exec(fmt::format("PRAGMA user_version={}", step + 1));
    transaction.commit();
  }
  make_shrinkable(database);
  return {};
}

}  // namespace ai_bot
