#include "store/sqlite/checkpoints.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/guarded.h"

namespace ai_bot {
namespace {

// What fails here harms nothing: the log grows, and whoever commits finds out why. In SQL, since
// the function of C does nothing on a connection that has read nothing yet.
bool copy(sqlite3* connection) {
  return sqlite3_exec(connection, "PRAGMA wal_checkpoint(PASSIVE)", nullptr, nullptr, nullptr) ==
         SQLITE_OK;
}

}  // namespace

Checkpoints::Checkpoints(std::string path, sqlite3* writer)
    : path_(std::move(path)), writer_(writer), thread_([this] { run(); }) {
  sqlite3_wal_hook(writer_, committed, this);  // in the place of SQLite's own checkpoints
}

Checkpoints::~Checkpoints() {
  sqlite3_wal_hook(writer_, nullptr, nullptr);
  state_ = State::kStopping;
  state_.notify_one();
  thread_.join();
}

int Checkpoints::committed(void* self, sqlite3*, const char*, int pages) {
  Checkpoints& checkpoints = *static_cast<Checkpoints*>(self);
  checkpoints.pages_ = pages;
  State before = State::kQuiet;
  if (pages >= kPages && checkpoints.state_.compare_exchange_strong(before, State::kDue))
    checkpoints.state_.notify_one();
  return SQLITE_OK;
}

void Checkpoints::finish() {
  State before = State::kCopied;
  if (state_.compare_exchange_strong(before, State::kQuiet) || pages_ >= kMostPages) copy(writer_);
}

void Checkpoints::run() {
  for (State state; (state = state_) != State::kStopping;) {
    if (state != State::kDue) {
      state_.wait(state);
      continue;
    }
    bool is_copied = false;
    guarded("store.checkpoints", [&] {
      SQLite::Database database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
      is_copied = copy(database.getHandle());
    });
    state_.compare_exchange_strong(state, is_copied ? State::kCopied : State::kQuiet);
  }
}

}  // namespace ai_bot
