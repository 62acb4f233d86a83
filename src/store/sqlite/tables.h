// The tables over one connection to the SQLite file: a Transaction within the transaction that is
// open on the connection, or, where none is, with each statement committed by itself.
#pragma once

#include <memory>

#include "store/ledger.h"
#include "store/sqlite/connection.h"

namespace ai_bot {

class SqliteInbox final : public Inbox {
 public:
  explicit SqliteInbox(Connection& connection) : connection_(connection) {}
  Added add(const Event& event) override;
  std::optional<Entry> get(int64_t id) override;
  std::vector<Open> open_after(int64_t after, int limit) override;
  void finish(int64_t id) override;
  void postpone(int64_t id, int64_t next_ms, const std::string& error) override;
  void bury(int64_t id, const std::string& error) override;
  void remove(int64_t id) override;
  void set_draft(int64_t id, const std::string& draft) override;
  std::string draft(int64_t id) override;
  std::vector<Entry> damaged(size_t limit) override;
  std::vector<Entry> dead(int limit) override;
  int replay() override;
  Counts count() override;

 private:
  Added add(const Event& event, const std::string& event_id, int64_t next_ms);
  Added add_to_album(const Event& event);
  bool changes(const Event& event);
  void set_state(int64_t id, State state, const std::string& error);

  Connection& connection_;
};

class SqliteOutbox final : public Outbox {
 public:
  explicit SqliteOutbox(Connection& connection) : connection_(connection) {}
  void add(int64_t inbox_id, const Event& event, Kind kind, const std::vector<std::string>& texts,
           bool held, int first_part) override;
  std::optional<Entry> get_open(int64_t id) override;
  std::vector<Open> open_of(int64_t inbox_id) override;
  std::vector<Open> open_after(int64_t after, int limit) override;
  std::optional<std::string> answer_to(int64_t inbox_id) override;
  void delivered(int64_t id) override;
  void postpone(int64_t id, int64_t next_ms, const std::string& error, bool counts) override;
  void bury(int64_t id, const std::string& error) override;
  int bury_later_parts(const Entry& entry, const std::string& error) override;
  std::vector<Entry> dead(int limit) override;
  int replay() override;
  Counts count() override;

 private:
  void set_state(int64_t id, State state, const std::string& error);

  Connection& connection_;
};

class SqliteSessions final : public Sessions {
 public:
  explicit SqliteSessions(Connection& connection) : connection_(connection) {}
  Session load(const std::string& key, int limit) override;
  void append(const std::string& key, const std::string& question,
              const std::string& answer) override;
  void begin_anew(const std::string& key) override;
  void choose_model(const std::string& key, const std::string& model) override;

 private:
  void add_message(const std::string& key, const char* role, const std::string& content);

  Connection& connection_;
};

class SqliteTables final : public Transaction {
 public:
  SqliteTables(const std::string& path, int flags) : connection_(path, flags) {}

  Inbox& inbox() override { return inbox_; }
  Outbox& outbox() override { return outbox_; }
  Sessions& sessions() override { return sessions_; }

  Connection& connection() { return connection_; }

 private:
  Connection connection_;
  SqliteInbox inbox_{connection_};
  SqliteOutbox outbox_{connection_};
  SqliteSessions sessions_{connection_};
};

}  // namespace ai_bot
