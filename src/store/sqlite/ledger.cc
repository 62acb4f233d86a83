#include "store/sqlite/ledger.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/guarded.h"
#include "core/log.h"
#include "store/sqlite/schema.h"

namespace ai_bot {
namespace {

constexpr milliseconds kUpkeep{60000};  // between two rounds of what is forgotten
constexpr milliseconds kLongestWithoutUpkeep{1000};
// After a step of the upkeep the disk is left to others for so many times as long as it took.
constexpr int kRestsAStep = 9;
constexpr int kBusyTimeoutAtStopMs = 1000;  // the service manager does not wait for ever
const int kWriteFlags = SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX;
const int kReadFlags = SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX;

// A failure of one task; any other concerns the database, and so every task of a batch alike:
// trying each on its own would not help.
bool is_own(const Result<void>& result) {
  return !result && result.error().code == Code::kInternal;
}

void rollback(Connection& connection) {
  // A full disk makes SQLite roll back by itself.
  if (sqlite3_get_autocommit(connection.database().getHandle()) == 0) {
    connection.database().tryExec("ROLLBACK");
  }
}

}  // namespace

SqliteLedger::SqliteLedger(Options options, ProcessLock lock)
    : options_(std::move(options)), lock_(std::move(lock)) {}

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(const Options& options) {
  // It takes a lock at each allocation (SQLite's "Recommended Compile-time Options"). First of all.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  auto lock = ProcessLock::beside(options.path, "database.path");
  if (!lock) return fail(lock.error());
  std::unique_ptr<SqliteLedger> ledger(new SqliteLedger(options, std::move(*lock)));
  try {
    const mode_t before = umask(0077);
    try {
      ledger->writer_ = std::make_unique<SqliteTables>(options.path, kWriteFlags);
    } catch (...) {
      umask(before);
      throw;
    }
    SQLite::Database& db = ledger->writer_->connection().database();
    db.exec("PRAGMA auto_vacuum=INCREMENTAL");  // of a file that is empty
    db.exec("PRAGMA journal_mode=WAL");
    umask(before);
    db.exec("PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864");
    if (auto migrated = migrate(db); !migrated) return fail(migrated.error());
    if (options.max_pages > 0) db.exec(fmt::format("PRAGMA max_page_count={}", options.max_pages));
    Connection& writer = ledger->writer_->connection();
    writer.known_events().refresh(writer);
    ledger->counts_ = std::make_unique<KeptCounts>(db);
    ledger->checkpoints_ = std::make_unique<Checkpoints>(options.path, db.getHandle());
    ledger->reader_ = std::make_unique<SqliteTables>(options.path, kReadFlags);
    ledger->place_ = std::make_unique<Place>(options.path);
    if (options.retention) {
      const auto retention = std::make_shared<Retention>(*options.retention);
      ledger->set_upkeep([retention](Connection& c) { return retention->step(c); }, kUpkeep);
    }
    ledger->thread_ = std::thread([raw = ledger.get()] { raw->run(); });
  } catch (const std::system_error&) {
    return fail(Code::kInternal, "can't start a thread: too many threads or too little memory",
                "无法启动线程：线程过多或内存不足");
  } catch (...) {
    Error error = error_of_exception();
    return fail(error.code, options.path + ": " + error.text.en,
                options.path + "：" + error.text.zh);
  }
  return ledger;
}

Result<void> SqliteLedger::examine(const std::string& path, int64_t largest_checked,
                                   const Task& query) {
  try {
    SqliteTables tables(path, SQLite::OPEN_READONLY);
    struct stat file {};
    if (stat(path.c_str(), &file) == 0 && file.st_size <= largest_checked) {
      const std::string verdict =
          tables.connection().database().execAndGet("PRAGMA quick_check(1)").getString();
      if (verdict != "ok") return fail(damaged(verdict));
    }
    query(tables);
    return {};
  } catch (...) {
    return fail(error_of_exception());
  }
}

Result<void> SqliteLedger::look(const Task& query) {
  std::lock_guard lock(read_mutex_);
  try {
    query(*reader_);
    return {};
  } catch (...) {
    Error error = error_of_exception();
    reader_->connection().reset();
    return fail(std::move(error));
  }
}

void SqliteLedger::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SqliteLedger::write(std::vector<Write> writes) {
  {
    std::unique_lock lock(mutex_);
    if (stopping_) {
      lock.unlock();
      const Result<void> stopped = fail(Code::kUnavailable, "ai_bot is stopping; send it again",
                                        "ai_bot 正在停止，请稍后重发");
      for (const Write& write : writes) guarded("store.done", [&] { write.done(stopped); });
      return;
    }
    queued_ += static_cast<int64_t>(writes.size());
    const bool was_told = !queue_.empty();
    std::move(writes.begin(), writes.end(), std::back_inserter(queue_));
    if (was_told) return;
  }
  wake_.notify_one();
}

Result<void> SqliteLedger::last_commit() const {
  std::lock_guard lock(mutex_);
  return last_commit_;
}

void SqliteLedger::hold(const Error& why) {
  {
    std::lock_guard lock(mutex_);
    ++held_;
  }
  note(fail(why));
}

void SqliteLedger::release() {
  std::lock_guard lock(mutex_);
  --held_;
}

void SqliteLedger::set_upkeep(Step step, std::chrono::milliseconds pause) {
  std::lock_guard lock(mutex_);
  upkeep_ = std::move(step);
  upkeep_pause_ = pause;
}

void SqliteLedger::run() {
  std::vector<Write> batch;
  bool is_behind = false;  // with the upkeep
  for (bool is_last = false; !is_last;) {
    {
      std::unique_lock lock(mutex_);
      const SteadyTime due = is_behind ? std::min(next_upkeep_, next_look_) : next_look_;
      wake_.wait_until(lock, due, [this] { return stopping_ || !queue_.empty(); });
      is_last = stopping_;  // nothing is queued any more after that
      batch.swap(queue_);
    }
    guarded("store.run", [&] {
      if (is_last) writer_->connection().database().setBusyTimeout(kBusyTimeoutAtStopMs);
      if (!batch.empty()) {
        commit(batch);
      } else if (steady_now() >= next_look_) {
        next_look_ = steady_now() + kCheckInterval;
        look_after();
      }
      const bool starves = steady_now() > next_upkeep_ + kLongestWithoutUpkeep;
      if (!is_last && (batch.empty() || starves)) is_behind = keep_up();
      checkpoints_->finish();
    });
    queued_ -= static_cast<int64_t>(batch.size());
    guarded("store.run", [&] { batch.clear(); });
  }
}

void SqliteLedger::commit(std::vector<Write>& batch) {
  const auto size = static_cast<size_t>(options_.max_batch);
  Result<void> result;
  for (size_t from = 0; from < batch.size(); from += size) {
    const size_t to = std::min(batch.size(), from + size);
    // What failed for the database's sake a moment ago would fail again, and take its time.
    if (result || is_own(result)) result = commit(batch, from, to);
    if (is_own(result) && to - from > 1) {
      // One task of several failed: each on its own, so that only the culprit hears of it.
      for (size_t i = from; i < to; ++i) {
        if (result || is_own(result)) result = commit(batch, i, i + 1);
        guarded("store.done", [&] { batch[i].done(result); });
      }
    } else {
      for (size_t i = from; i < to; ++i) guarded("store.done", [&] { batch[i].done(result); });
    }
  }
}

Result<void> SqliteLedger::commit(std::vector<Write>& batch, size_t from, size_t to) {
  Result<void> result = transact([&] {
    for (size_t i = from; i < to; ++i) batch[i].task(*writer_);
  });
  note(result);
  if (result) place_->check();
  return result;
}

Result<void> SqliteLedger::transact(const std::function<void()>& work) {
  Connection& connection = writer_->connection();
  bool is_ours = false;  // what fails
  try {
    connection.prepare("BEGIN IMMEDIATE").exec();
    is_ours = true;
    work();
    is_ours = false;
    connection.prepare("COMMIT").exec();
    counts_->committed();
    return {};
  } catch (...) {
    Error error = error_of_exception();
    if (!is_ours && error.code == Code::kInternal) error.code = Code::kStorage;
    connection.reset();
    rollback(connection);
    counts_->rolled_back();
    return fail(std::move(error));
  }
}

// Says in the log what changed, not that it is still so.
void SqliteLedger::note(const Result<void>& result) {
  if (is_own(result)) return;
  Result<void> before = result;
  {
    std::lock_guard lock(mutex_);
    if (result && held_ > 0) return;
    std::swap(before, last_commit_);
  }
  if (result && !before) {
    log::info("database.commits_again", "the database takes writes again",
              {{"file.path", options_.path}});
  } else if (!result && (before || before.error().text.en != result.error().text.en)) {
    log::error("database.commit_failed", result.error().text.en, {{"file.path", options_.path}});
  }
}

// True when there is more to do at once.
bool SqliteLedger::keep_up() {
  if (steady_now() < next_upkeep_ || !last_commit()) return false;
  Step step;
  milliseconds pause;
  {
    std::lock_guard lock(mutex_);
    step = upkeep_;
    pause = upkeep_pause_;
  }
  if (!step) return false;
  bool is_more = false;
  const SteadyTime begun = steady_now();
  const auto done = transact([&] { is_more = step(writer_->connection()); });
  note(done);
  is_more = is_more && done;
  const SteadyTime now = steady_now();
  next_upkeep_ = now + (is_more ? kRestsAStep * (now - begun) : SteadyTime::duration(pause));
  return is_more;
}

// While there is nothing to write.
void SqliteLedger::look_after() {
  place_->check();
  try {
    counts_->look_for_others();
  } catch (...) {
    // What is damaged there may harm no write: that is found out by writing.
    const Error error = error_of_exception();
    if (error.code != Code::kStorageDamaged) return note(fail(error));
  }
  if (last_commit()) return;
  // Writes the value that is there already, which needs a page on the disk all the same.
  note(transact([this] {
    SQLite::Database& db = writer_->connection().database();
    const int version = db.execAndGet("PRAGMA user_version").getInt();
    db.exec(fmt::format("PRAGMA user_version={}", version));
  }));
}

}  // namespace ai_bot
