// How many entries are open and how many are dead, known without counting: health and metrics ask
// every few seconds, and a count(*) of a long backlog would make everybody wait for it.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <atomic>
#include <cstdint>

#include "store/ledger.h"

namespace ai_bot {

class KeptCounts {
 public:
  // Counts once, and is told by this connection of each change from here on (a hook: triggers
  // would make every statement a program of its own). Throws SQLite::Exception.
  explicit KeptCounts(SQLite::Database& writer);
  ~KeptCounts();
  KeptCounts(const KeptCounts&) = delete;
  KeptCounts& operator=(const KeptCounts&) = delete;

  // On the writer's thread, after each transaction.
  void committed();
  void rolled_back() { pending_ = {}; }
  // Counts again when another program (ai_bot doctor --replay) has written since the last call.
  // Throws SQLite::Exception where it can't; the next call tries again.
  void look_for_others();

  // As of the last commit; on any thread.
  LedgerCounts get() const;

 private:
  struct Hook;

  void count();

  SQLite::Database& writer_;
  const int inbox_state_, outbox_state_;  // the columns' numbers
  LedgerCounts pending_;                  // changes of the transaction under way
  int64_t version_ = 0;                   // PRAGMA data_version: changes with others' commits
  std::atomic<int64_t> inbox_open_{0}, inbox_dead_{0}, outbox_open_{0}, outbox_dead_{0};
};

}  // namespace ai_bot
