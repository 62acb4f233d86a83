-- A database as layout 3 left it: an answered event, an open one, and the newest was forgotten.
CREATE TABLE session (
  key TEXT PRIMARY KEY,
  model TEXT NOT NULL DEFAULT '',
  first_message INTEGER NOT NULL DEFAULT 0
, changed_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE "inbox" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL, event_id TEXT NOT NULL, conversation TEXT NOT NULL,
  sender TEXT NOT NULL, text TEXT NOT NULL, request_id TEXT NOT NULL,
  received_ms INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, next_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '',
  attachments TEXT NOT NULL DEFAULT '', draft TEXT NOT NULL DEFAULT '',
  UNIQUE (channel, event_id)
);
CREATE INDEX inbox_open ON inbox (id) WHERE state = 0;
CREATE INDEX inbox_dead ON inbox (id) WHERE state = 2;
CREATE INDEX inbox_done ON inbox (received_ms) WHERE state = 1;
CREATE TABLE "outbox" (
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
CREATE INDEX outbox_open ON outbox (id) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 2;
CREATE TABLE "message" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL, created_ms INTEGER NOT NULL
);
CREATE INDEX message_session ON message (session, id);
INSERT INTO inbox (id, channel, event_id, conversation, sender, text, request_id, received_ms, state, draft)
  VALUES (1, 'hook', 'e1', 'room', 'anna', 'hi', 'r1', 1, 1, ''), (20000, 'hook', 'e2', 'room', 'anna', 'open', 'r2', 2, 0, 'd-2'), (30000, 'hook', 'e3', 'room', 'anna', 'hi', 'r3', 3, 1, '');
DELETE FROM inbox WHERE id = 30000;
PRAGMA user_version = 3;
