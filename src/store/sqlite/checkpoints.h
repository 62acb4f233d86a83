// Brings what commits left in the write-ahead log into the database file, so that nobody who
// commits waits for it: a thread copies the bulk over a connection of its own, which SQLite allows
// while others write ("PASSIVE", sqlite.org/c3ref/wal_checkpoint_v2.html), and the writer only what
// came meanwhile; after that the log begins anew. Where the thread does not keep up, the writer
// does it all, so that the log stays bounded.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <string>
#include <thread>

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
  enum class State { kQuiet, kDue, kCopied, kStopping };  // kCopied: but for what came meanwhile

  static int committed(void* self, sqlite3*, const char*, int pages);
  void run();

  const std::string path_;
  sqlite3* const writer_;
  int pages_ = 0;  // of the log, as of the last commit; of the writer's thread
  std::atomic<State> state_{State::kQuiet};
  std::thread thread_;
};

}  // namespace ai_bot
