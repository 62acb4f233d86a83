// The ledger in an SQLite file: one writer thread with group commit, one connection for reading.
//
// The writer takes what has queued up (at most max_batch), runs it in one transaction and commits
// (WAL, synchronous=FULL: a commit that returned survives a power cut).
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/clock.h"
#include "core/process_lock.h"
#include "store/ledger.h"
#include "store/sqlite/checkpoints.h"
#include "store/sqlite/kept_counts.h"
#include "store/sqlite/place.h"
#include "store/sqlite/retention.h"
#include "store/sqlite/tables.h"

namespace ai_bot {

class SqliteLedger final : public Ledger {
 public:
  struct Options {
    std::string path;
    int max_batch = 256;    // tasks a commit
    int64_t max_pages = 0;  // SQLite's max_page_count; 0: no limit. For tests of a full disk.
    std::optional<Retention::Limits> retention = std::nullopt;  // none: nothing is forgotten
  };

  // Creates the file (mode 0600) or migrates it. Fails with what to do when it is another
  // process's, read-only, damaged, newer than this version, or on a full disk. As long as it is
  // open, PATH.lock is held: a second process would change the layout under the first one, or take
  // up its work.
  static Result<std::unique_ptr<SqliteLedger>> open(const Options& options);

  // Reads a file that may be another program's at this moment, and changes nothing. A file of at
  // most `largest_checked` bytes is checked for damage first (a larger one would take too long).
  static Result<void> examine(const std::string& path, int64_t largest_checked, const Task& query);

  ~SqliteLedger() override { stop(); }

  // What is to be done now and then while nobody writes: `step` is called in a transaction of its
  // own again and again while it returns true, then after `pause` anew. Steps should take a few
  // milliseconds: that long a write may have to wait for one. All of them together take a tenth of
  // the time; under writes without end there is one a second.
  using Step = std::function<bool(Connection&)>;
  void set_upkeep(Step step, std::chrono::milliseconds pause);

  using Ledger::write;
  void write(std::vector<Write> writes) override;
  void stop() override;
  Result<void> last_commit() const override;
  void hold(const Error& why) override;
  void release() override;
  Result<void> in_place() const override { return place_->get(); }
  LedgerCounts counts() const override { return counts_->get(); }
  int64_t queued() const override { return queued_; }

 private:
  SqliteLedger(Options options, ProcessLock lock);
  Result<void> look(const Task& query) override;
  void run();
  void commit(std::vector<Write>& batch);
  Result<void> commit(std::vector<Write>& batch, size_t from, size_t to);
  Result<void> transact(const std::function<void()>& work);
  void note(const Result<void>& result);
  void look_after();
  bool keep_up();

  Options options_;
  ProcessLock lock_;  // let go last
  std::unique_ptr<SqliteTables> writer_;
  std::unique_ptr<SqliteTables> reader_;
  std::unique_ptr<KeptCounts> counts_;
  std::unique_ptr<Place> place_;
  std::unique_ptr<Checkpoints> checkpoints_;
  std::mutex read_mutex_;  // one reader at a time

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
