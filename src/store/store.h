// The SQLite file: one writer thread with group commit, one connection for reading.
//
// Writes are tasks. The writer takes what has queued up (at most max_batch), runs it in one
// transaction and commits (WAL, synchronous=FULL: a commit that returned survives a power cut).
// Only then does each task's `done` hear of success. So durability costs one fsync for many events
// (docs/benchmarks.md).
//
// Nothing thrown in a task, a query or a `done` leaves the store: tasks and queries fail with an
// Error. Code::kInternal is the task's own failure (a mistake of ours, or a row that breaks a
// rule); every other code is the database's (full, locked, gone), which concerns all writes alike.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "store/connection.h"
#include "store/kept_counts.h"
#include "store/place.h"

namespace ai_bot {

struct StoreOptions {
  std::string path;
  int max_batch = 256;    // tasks a commit
  int64_t max_pages = 0;  // SQLite's max_page_count; 0: no limit. For tests of a full disk.
};

class Store {
 public:
  using Task = std::function<void(Connection&)>;
  using Done = std::function<void(Result<void>)>;
  struct Write {
    Task task;
    Done done;
  };

  // Creates the file (mode 0600) or migrates it. Fails with what to do when it is read-only,
  // damaged, newer than this version, or on a full disk.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);

  ~Store() { stop(); }

  // What is to be done now and then while nobody writes: `step` is called in a transaction of its
  // own again and again while it returns true, then after `pause` anew. Steps should take a few
  // milliseconds: that long a write may have to wait for one. All of them together take a tenth of
  // the time; under writes without end there is one a second.
  using Step = std::function<bool(Connection&)>;
  void set_upkeep(Step step, std::chrono::milliseconds pause);

  // Finishes what is queued and ends the writer; a write after this fails at once, its `done` on
  // the caller's thread. Reading goes on. Whoever owns what the callbacks use calls it first.
  void stop();

  // Runs `task` on the writer thread; `done` is called there after the commit, or with what went
  // wrong. `done` must be quick and must not wait for another write.
  void write(Task task, Done done);

  // Several at once, in order: one commit takes all of them (up to max_batch), as the writer hears
  // of them together.
  void write(std::vector<Write> writes);

  // The same, waiting for the commit.
  Result<void> write(Task task);

  // Runs `query` on the reading connection (one reader at a time).
  template <class T>
  Result<T> read(const std::function<T(Connection&)>& query) {
    std::lock_guard lock(read_mutex_);
    try {
      return query(*reader_);
    } catch (...) {
      Error error = error_of_exception();
      reader_->reset();
      return fail(std::move(error));
    }
  }

  // Whether the database takes writes, as of the last commit, and why not. While it does not, a
  // small write is tried every kCheckInterval, so that it is known when it does again.
  Result<void> last_commit() const;

  // From here to release() a write that failed with `why` is kept to be repeated (KeptWrite):
  // last_commit() stays failed, though another, smaller write may succeed.
  void hold(const Error& why);
  void release();

  // kStorage while the path no longer leads to the files that are open: they were deleted, moved or
  // replaced under us, and what is committed is lost with them. Looked at after each commit and
  // every kCheckInterval.
  Result<void> in_place() const { return place_->get(); }
  static constexpr std::chrono::milliseconds kCheckInterval{1000};

  // Kept, not counted: as of the last commit, others' as of kCheckInterval ago.
  StoreCounts counts() const { return counts_->get(); }

  // Writes whose `done` was not called yet.
  int64_t queued() const { return queued_; }

  const std::string& path() const { return options_.path; }

 private:
  explicit Store(StoreOptions options);
  void run();
  void commit(std::vector<Write>& batch);
  Result<void> commit(std::vector<Write>& batch, size_t from, size_t to);
  Result<void> transact(std::vector<Write>& batch, size_t from, size_t to);
  void note(const Result<void>& result);
  void look_after();
  bool keep_up();

  StoreOptions options_;
  std::unique_ptr<Connection> writer_;
  std::unique_ptr<Connection> reader_;
  std::unique_ptr<KeptCounts> counts_;
  std::unique_ptr<Place> place_;
  std::mutex read_mutex_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Write> queue_;
  Step upkeep_;
  std::chrono::milliseconds upkeep_pause_{0};
  bool stopping_ = false;
  Result<void> last_commit_;
  int held_ = 0;
  std::atomic<int64_t> queued_{0};
  SteadyTime next_upkeep_, next_look_;  // of the writer's thread
  std::thread thread_;
};

}  // namespace ai_bot
