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
    : path_(std::move(path)), writer_(writer) {
  thread_ = std::thread([this] {
    while (!guarded("store.checkpoints", [this] { run(); })) {
    }
  });
  sqlite3_wal_hook(writer_, committed, this);  // in the place of SQLite's own checkpoints
}

Checkpoints::~Checkpoints() {
  sqlite3_wal_hook(writer_, nullptr, nullptr);
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

int Checkpoints::committed(void* self, sqlite3*, const char*, int pages) {
  Checkpoints& checkpoints = *static_cast<Checkpoints*>(self);
  checkpoints.pages_ = pages;
  if (pages < kPages || checkpoints.is_copied_) return SQLITE_OK;
  {
    MutexLock lock(checkpoints.mutex_);
    checkpoints.is_due_ = true;
  }
  checkpoints.wake_.notify_one();
  return SQLITE_OK;
}

void Checkpoints::finish() {
  if (is_copied_.exchange(false) || pages_ >= kMostPages) copy(writer_);
}

void Checkpoints::run() {
  for (;;) {
    {
      MutexLock lock(mutex_);
      while (!is_due_ && !is_stopping_) wake_.wait(lock.native());
      if (is_stopping_) return;
      is_due_ = false;
    }
    SQLite::Database database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    is_copied_ = copy(database.getHandle());
  }
}

}  // namespace ai_bot
