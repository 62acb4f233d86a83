// Brings what commits left in the write-ahead log into the database file, so that nobody who
// commits waits for it: a thread copies the bulk over a connection of its own, which SQLite allows
// while others write ("PASSIVE", sqlite.org/c3ref/wal_checkpoint_v2.html), and the writer only what
// came meanwhile; after that the log begins anew. Where the thread does not keep up, the writer
// does it all, so that the log stays bounded.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <string>
#include <thread>

#include "core/mutex.h"

namespace ai_bot {

class Checkpoints {
 public:
  // Pages of the log from which on they are copied, as many as SQLite has: who commits meanwhile
  // waits a little for a disk that is busy with them.
  static constexpr int kPages = 1000;
  static constexpr int kMostPages = 16 * kPages;  // from which on the writer copies them all

  // Of the file at this path, instead of SQLite's own checkpoints in the commits of `writer`, which
  // outlives it. Throws std::system_error when no thread can be had.
  Checkpoints(std::string path, sqlite3* writer);
  ~Checkpoints();

  // By the writer's thread, in no transaction, when nobody waits for it: what is its share now.
  void finish();

 private:
  static int committed(void* self, sqlite3*, const char*, int pages);
  void run();

  const std::string path_;
  sqlite3* const writer_;
  std::atomic<int> pages_{0};           // of the log, as of the last commit
  std::atomic<bool> is_copied_{false};  // but for what came meanwhile
  Mutex mutex_;
  std::condition_variable wake_;
  bool is_due_ GUARDED_BY(mutex_) = false;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ai_bot
