// The ledger: what ai_bot has promised, and what became of it. An event is acknowledged once it is
// committed here, and everything that happens to it afterwards (its answer, what the conversation
// remembers of it, each delivery) is a transaction of its own. Results travel by the ledger, so
// that a crash between two steps loses none and repeats none.
//
// Nobody outside store/ knows which database it is. Another one is a folder beside sqlite/ that
// implements this and Transaction, and a line in the table of tests/support/ledgers.h: what follows
// is what the suite in tests/unit/store demands of each.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include "store/sessions.h"

namespace ai_bot {

// What a task or a query works on: all it changes is committed together, or not at all.
class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual Inbox& inbox() = 0;
  virtual Outbox& outbox() = 0;
  virtual Sessions& sessions() = 0;
};

struct LedgerCounts {
  int64_t inbox_open = 0;
  int64_t inbox_dead = 0;
  int64_t outbox_open = 0;
  int64_t outbox_dead = 0;
  bool operator==(const LedgerCounts&) const = default;
};

// Writes are tasks. What has queued up is run in one transaction and committed so that it survives
// a power cut; only then does each task's `done` hear of success. So durability costs one sync for
// many events (docs/benchmarks.md).
//
// Nothing thrown in a task, a query or a `done` leaves the ledger: tasks and queries fail with an
// Error. Code::kInternal is the task's own failure (a mistake of ours, or a row that breaks a
// rule), which no other task feels; every other code is the database's (full, locked, gone), which
// concerns all writes alike. On any thread.
class Ledger {
 public:
  using Task = std::function<void(Transaction&)>;
  using Done = std::function<void(Result<void>)>;
  struct Write {
    Task task;
    Done done;
  };

  virtual ~Ledger() = default;

  // Several at once, in order: one commit takes all of them, as the writer hears of them together.
  // Tasks run one after another, each `done` is called after the commit, or with what went wrong;
  // it must be quick and must not wait for another write.
  virtual void write(std::vector<Write> writes) = 0;
  void write(Task task, Done done);
  // The same, waiting for the commit.
  Result<void> write(Task task);

  // Runs `query`, which only reads, on the caller's thread; it sees what is committed.
  template <class T>
  Result<T> read(const std::function<T(Transaction&)>& query) {
    std::optional<T> found;
    if (auto done = look([&](Transaction& transaction) { found.emplace(query(transaction)); });
        !done)
      return fail(done.error());
    return std::move(*found);
  }

  // Finishes what is queued; a write after this fails at once, its `done` on the caller's thread.
  // Reading goes on. Whoever owns what the callbacks use calls it first.
  virtual void stop() = 0;

  // Whether the database takes writes, as of the last commit, and why not. While it does not, a
  // small write is tried every kCheckInterval, so that it is known when it does again.
  virtual Result<void> last_commit() const = 0;

  // From here to release() a write that failed with `why` is kept to be repeated (KeptWrite):
  // last_commit() stays failed, though another, smaller write may succeed.
  virtual void hold(const Error& why) = 0;
  virtual void release() = 0;

  // kStorage while what is committed would be lost, since the database is no longer where it was
  // (its files were deleted, moved or replaced under us). Looked at after each commit and every
  // kCheckInterval.
  virtual Result<void> in_place() const = 0;
  static constexpr std::chrono::milliseconds kCheckInterval{1000};

  // Kept, not counted: as of the last commit, other programs' as of kCheckInterval ago.
  virtual LedgerCounts counts() const = 0;

  // Writes whose `done` was not called yet.
  virtual int64_t queued() const = 0;

 private:
  virtual Result<void> look(const Task& query) = 0;
};

}  // namespace ai_bot
