// A connection to the SQLite file, and what its failures mean.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <unordered_map>

#include "core/result.h"
#include "store/sqlite/known_events.h"

namespace ai_bot {

// A database connection that keeps its prepared statements.
class Connection {
 public:
  Connection(const std::string& path, int flags);

  SQLite::Database& database() { return database_; }
  // The statement for this SQL, reset and without bindings. Valid until the next call with the same
  // SQL.
  SQLite::Statement& prepare(const char* sql);
  // Ends what a statement was in the midst of when somebody threw: it would keep its snapshot.
  void reset() noexcept;
  // For SqliteInbox::add.
  KnownEvents& known_events() { return known_events_; }

 private:
  SQLite::Database database_;
  std::unordered_map<std::string, SQLite::Statement> statements_;
  KnownEvents known_events_;
};

// The Error for a damaged file.
Error damaged(const std::string& how);
// The Error for an SQLite exception: full disk, read-only, damaged, locked …
Error error_of(const SQLite::Exception& exception);
// The same for whatever exception is being handled.
Error error_of_exception();

}  // namespace ai_bot
