#include "store/sqlite/checkpoints.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

constexpr int kPageSize = 4096;

class CheckpointsTest : public testing::Test {
 protected:
  CheckpointsTest() {
    db_.exec("PRAGMA journal_mode=WAL");
    db_.exec("CREATE TABLE t (bytes BLOB)");
  }

  void commit(int pages) {
    SQLite::Statement insert(db_, "INSERT INTO t VALUES (randomblob(?))");
    insert.bind(1, pages * kPageSize);
    insert.exec();
  }
  // So many pages in small commits, each finished.
  void write(Checkpoints& checkpoints, int pages) {
    for (int written = 0; written < pages; written += 500) {
      commit(500);
      checkpoints.finish();
    }
  }
  uintmax_t size(const char* suffix) const {
    return std::filesystem::file_size((folder_ / "a.db") + suffix);
  }

  test::TempFolder folder_;
  SQLite::Database db_{folder_ / "a.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
};

TEST_F(CheckpointsTest, CopiesTheBulkWithoutTheWriter) {
  Checkpoints checkpoints(folder_ / "a.db", db_.getHandle());
  commit(100);
  EXPECT_LT(size(""), 100u * kPageSize);
  commit(Checkpoints::kPages);
  EXPECT_TRUE(test::wait_until([&] { return size("") >= Checkpoints::kPages * kPageSize; }));
}

TEST_F(CheckpointsTest, KeepTheLogBoundedUnderWritesWithoutEnd) {
  Checkpoints checkpoints(folder_ / "a.db", db_.getHandle());
  write(checkpoints, 6 * Checkpoints::kMostPages);
  EXPECT_LT(size("-wal"), 2u * Checkpoints::kMostPages * kPageSize);
}

TEST_F(CheckpointsTest, TheWriterDoesItWhereTheThreadCannot) {
  Checkpoints checkpoints(folder_ / "not/there.db", db_.getHandle());
  write(checkpoints, 3 * Checkpoints::kMostPages);
  EXPECT_LT(size("-wal"), 2u * Checkpoints::kMostPages * kPageSize);
}

}  // namespace
}  // namespace ai_bot
