#include "store/store.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <future>

#include "core/guarded.h"
#include "core/log.h"
#include "store/schema.h"

namespace ai_bot {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr int kBusyTimeoutAtStopMs = 1000;  // the service manager does not wait for ever
const int kWriteFlags = SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX;
const int kReadFlags = SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX;

const char* const kFiles[] = {"", "-wal", "-shm"};

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

Connection::Connection(const std::string& path, int flags)
    : database_(path, flags, kBusyTimeoutMs) {}

SQLite::Statement& Connection::prepare(const char* sql) {
  const auto [at, added] = statements_.try_emplace(sql, database_, sql);
  if (!added) {
    at->second.tryReset();
    at->second.clearBindings();
  }
  return at->second;
}

void Connection::reset() noexcept {
  for (auto& [sql, statement] : statements_) statement.tryReset();
}

Error error_of(const SQLite::Exception& e) {
  const std::string why = e.what();
  switch (e.getErrorCode() & 0xFF) {
    case SQLITE_FULL:
      return {Code::kStorageFull,
              {"the disk is full: free some space, ai_bot goes on by itself",
               "磁盘已满：请释放空间，ai_bot 会自动恢复"}};
    case SQLITE_READONLY:
      return {Code::kStorage,
              {"the database is read-only: check the rights of the file and its folder, and that "
               "the disk "
               "is not mounted read-only",
               "数据库只读：请检查文件及其目录的权限，以及磁盘是否以只读方式挂载"}};
    case SQLITE_CANTOPEN:
      return {Code::kStorage,
              {"the database can't be opened: check that its folder exists and may be written",
               "无法打开数据库：请检查目录是否存在且可写"}};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Code::kStorageDamaged,
              {"the database is damaged (" + why +
                   "): restore a backup, or move the file away to begin anew",
               "数据库已损坏（" + why + "）：请恢复备份，或移走该文件后重新开始"}};
    case SQLITE_BUSY:
      return {Code::kStorage,
              {"the database is in use by another program: end it, or choose another data_dir",
               "数据库正被其他程序使用：请结束该程序，或更换 data_dir"}};
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
      return {Code::kInternal, {"the database refused it: " + why, "数据库拒绝了该操作：" + why}};
    default:
      return {Code::kStorage, {"the database failed: " + why, "数据库出错：" + why}};
  }
}

Error error_of_exception() {
  try {
    throw;
  } catch (const SQLite::Exception& e) {
    return error_of(e);
  } catch (...) {
    report_exception("store");
    const std::string what = name_of_exception();
    return {Code::kInternal, {"a mistake in ai_bot: " + what, "ai_bot 内部错误：" + what}};
  }
}

FileId FileId::of(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

Store::Store(StoreOptions options) : options_(std::move(options)) {}

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  // Counting SQLite's memory takes a lock at each allocation (its "Recommended Compile-time
  // Options"). Only heard before the first database.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  std::unique_ptr<Store> store(new Store(options));
  try {
    const mode_t before = umask(0077);
    try {
      store->writer_ = std::make_unique<Connection>(options.path, kWriteFlags);
    } catch (...) {
      umask(before);
      throw;
    }
    SQLite::Database& db = store->writer_->database();
    db.exec("PRAGMA journal_mode=WAL");
    umask(before);
    db.exec("PRAGMA synchronous=FULL");
    db.exec("PRAGMA journal_size_limit=67108864");
    db.exec("PRAGMA wal_autocheckpoint=4000");
    if (auto migrated = migrate(db); !migrated) return fail(migrated.error());
    if (options.max_pages > 0) db.exec(fmt::format("PRAGMA max_page_count={}", options.max_pages));
    store->reader_ = std::make_unique<Connection>(options.path, kReadFlags);
    store->opened_ = store->files();
    store->thread_ = std::thread([raw = store.get()] { raw->run(); });
  } catch (const std::system_error&) {
    return fail(Code::kInternal, "can't start a thread: too many threads or too little memory",
                "无法启动线程：线程过多或内存不足");
  } catch (...) {
    Error error = error_of_exception();
    return fail(error.code, options.path + ": " + error.text.en,
                options.path + "：" + error.text.zh);
  }
  return store;
}

void Store::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Store::write(Task task, Done done) {
  std::vector<Write> writes;
  writes.push_back({std::move(task), std::move(done)});
  write(std::move(writes));
}

void Store::write(std::vector<Write> writes) {
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

Result<void> Store::write(Task task) {
  auto promise = std::make_shared<std::promise<Result<void>>>();
  auto future = promise->get_future();
  write(std::move(task), [promise](Result<void> result) { promise->set_value(std::move(result)); });
  return future.get();
}

Result<void> Store::last_commit() const {
  std::lock_guard lock(mutex_);
  return last_commit_;
}

void Store::hold(const Error& why) {
  {
    std::lock_guard lock(mutex_);
    ++held_;
  }
  note(fail(why));
}

void Store::release() {
  std::lock_guard lock(mutex_);
  --held_;
}

Result<void> Store::in_place() const {
  std::lock_guard lock(mutex_);
  return in_place_;
}

void Store::run() {
  std::vector<Write> batch;
  for (bool is_last = false; !is_last;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kCheckInterval, [this] { return stopping_ || !queue_.empty(); });
      is_last = stopping_;  // nothing is queued any more after that
      batch.swap(queue_);
    }
    guarded("store.run", [&] {
      if (is_last) writer_->database().setBusyTimeout(kBusyTimeoutAtStopMs);
      if (batch.empty()) return look_after();
      commit(batch);
    });
    queued_ -= static_cast<int64_t>(batch.size());
    guarded("store.run", [&] { batch.clear(); });
  }
}

void Store::commit(std::vector<Write>& batch) {
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

Result<void> Store::commit(std::vector<Write>& batch, size_t from, size_t to) {
  Result<void> result = transact(batch, from, to);
  note(result);
  if (result) check_place();
  return result;
}

Result<void> Store::transact(std::vector<Write>& batch, size_t from, size_t to) {
  bool in_a_task = false;
  try {
    writer_->prepare("BEGIN IMMEDIATE").exec();
    in_a_task = true;
    for (size_t i = from; i < to; ++i) batch[i].task(*writer_);
    in_a_task = false;
    writer_->prepare("COMMIT").exec();
    return {};
  } catch (...) {
    Error error = error_of_exception();
    if (!in_a_task && error.code == Code::kInternal) error.code = Code::kStorage;
    writer_->reset();
    rollback(*writer_);
    return fail(std::move(error));
  }
}

// Says in the log what changed, not that it is still so.
void Store::note(const Result<void>& result) {
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

// While there is nothing to write.
void Store::look_after() {
  check_place();
  if (last_commit()) return;
  // Writes the value that is there already, which needs a page on the disk all the same.
  std::vector<Write> probe;
  probe.push_back({[](Connection& connection) {
                     SQLite::Database& db = connection.database();
                     const int version = db.execAndGet("PRAGMA user_version").getInt();
                     db.exec(fmt::format("PRAGMA user_version={}", version));
                   },
                   nullptr});
  note(transact(probe, 0, 1));
}

std::vector<FileId> Store::files() const {
  std::vector<FileId> files;
  for (const char* ending : kFiles) files.push_back(FileId::of(options_.path + ending));
  return files;
}

void Store::check_place() {
  const bool is_there = files() == opened_;
  {
    std::lock_guard lock(mutex_);
    if (is_there == in_place_.has_value()) return;
    in_place_ = Result<void>();
    if (!is_there) {
      in_place_ = fail(Code::kStorage,
                       options_.path +
                           ": the database was deleted, moved or replaced while ai_bot runs: put "
                           "its files back, or restart ai_bot; until then no message is taken in",
                       options_.path +
                           "：数据库在 ai_bot 运行时被删除、移动或替换：请放回原文件，或重启 "
                           "ai_bot；在此之前不接收新消息");
    }
  }
  if (is_there) {
    log::info("database.in_place", "the database's files are back", {{"file.path", options_.path}});
  } else {
    log::error("database.gone", "the database was deleted, moved or replaced under ai_bot",
               {{"file.path", options_.path}});
  }
}

int64_t free_disk(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return -1;
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

}  // namespace ai_bot
