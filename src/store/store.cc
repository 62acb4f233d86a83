#include "store/store.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <future>

#include "core/log.h"
#include "store/schema.h"

namespace ai_bot {
namespace {

constexpr int kBusyTimeoutMs = 5000;
const int kWriteFlags = SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX;
const int kReadFlags = SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX;

// These fail every task of a batch alike: trying each on its own would not help.
bool concerns_whole_disk(const SQLite::Exception& e) {
  switch (e.getErrorCode() & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOMEM:
      return true;
    default:
      return false;
  }
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
      return {Code::kStorage,
              {"the database is damaged (" + why +
                   "): restore a backup, or move the file away to begin anew",
               "数据库已损坏（" + why + "）：请恢复备份，或移走该文件后重新开始"}};
    case SQLITE_BUSY:
      return {Code::kStorage,
              {"the database is in use by another program: end it, or choose another data_dir",
               "数据库正被其他程序使用：请结束该程序，或更换 data_dir"}};
    default:
      return {Code::kStorage, {"the database failed: " + why, "数据库出错：" + why}};
  }
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
  } catch (const SQLite::Exception& e) {
    Error error = error_of(e);
    return fail(error.code, options.path + ": " + error.text.en,
                options.path + "：" + error.text.zh);
  }
  store->thread_ = std::thread([raw = store.get()] { raw->run(); });
  return store;
}

Store::~Store() {
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
    std::lock_guard lock(mutex_);
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

void Store::run() {
  std::vector<Write> batch;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      batch.swap(queue_);
    }
    commit(batch);
    batch.clear();
  }
}

void Store::commit(std::vector<Write>& batch) {
  const auto size = static_cast<size_t>(options_.max_batch);
  for (size_t from = 0; from < batch.size(); from += size) {
    const size_t to = std::min(batch.size(), from + size);
    const Result<void> result = transact(batch, from, to);
    if (result || to - from == 1 || result.error().code == Code::kStorageFull) {
      note(result);
      for (size_t i = from; i < to; ++i) batch[i].done(result);
      continue;
    }
    // One task of several failed: each on its own, so that only the culprit hears of it.
    for (size_t i = from; i < to; ++i) {
      const Result<void> alone = transact(batch, i, i + 1);
      note(alone);
      batch[i].done(alone);
    }
  }
}

Result<void> Store::transact(std::vector<Write>& batch, size_t from, size_t to) {
  try {
    writer_->prepare("BEGIN IMMEDIATE").exec();
    for (size_t i = from; i < to; ++i) batch[i].task(*writer_);
    writer_->prepare("COMMIT").exec();
    return {};
  } catch (const SQLite::Exception& e) {
    rollback(*writer_);
    Error error = error_of(e);
    if (concerns_whole_disk(e)) {
      log::error("database.commit_failed", error.text.en, {{"file.path", options_.path}});
    }
    return fail(std::move(error));
  }
}

void Store::note(const Result<void>& result) {
  std::lock_guard lock(mutex_);
  last_commit_ = result;
}

int64_t free_disk(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return -1;
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

}  // namespace ai_bot
