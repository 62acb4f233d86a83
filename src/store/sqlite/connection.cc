#include "store/sqlite/connection.h"

#include <sqlite3.h>

#include "core/guarded.h"

namespace ai_bot {
namespace {

constexpr int kBusyTimeoutMs = 5000;

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

Error damaged(const std::string& how) {
  return {Code::kStorageDamaged,
          {"the database is damaged (" + how +
               "): restore a backup, or move the file away to begin anew",
           "数据库已损坏（" + how + "）：请恢复备份，或移走该文件后重新开始"}};
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
      return damaged(why);
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
    return our_mistake_named();
  }
}

}  // namespace ai_bot
