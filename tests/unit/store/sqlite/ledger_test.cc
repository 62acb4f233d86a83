#include "store/sqlite/ledger.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>

#include "support/ledgers.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using test::adds;
using test::rows;
using test::TempFolder;
using test::write_all;

std::unique_ptr<Ledger> open(const std::string& path, int64_t max_pages = 0) {
  auto ledger = SqliteLedger::open({path, 256, max_pages});
  EXPECT_TRUE(ledger) << (ledger ? "" : ledger.error().text.en);
  return std::move(*ledger);
}

TEST(SqliteLedger, KeepsWhatWasCommittedAndItsFileIsPrivate) {
  TempFolder folder;
  {
    auto ledger = open(folder / "a.db");
    ASSERT_TRUE(ledger->write(adds(1)));
  }
  auto ledger = open(folder / "a.db");
  EXPECT_EQ(rows(*ledger), 1);
  struct stat info {};
  for (const char* name : {"a.db", "a.db-wal"}) {
    ASSERT_EQ(stat((folder / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST(SqliteLedger, IsInWalModeWithFullSynchronization) {
  TempFolder folder;
  auto ledger = open(folder / "a.db");
  std::string mode;
  int synchronous = 0;
  ASSERT_TRUE(ledger->write([&](Transaction& t) {
    mode = test::connection_of(t).database().execAndGet("PRAGMA journal_mode").getString();
    synchronous = test::connection_of(t).database().execAndGet("PRAGMA synchronous").getInt();
  }));
  EXPECT_EQ(mode, "wal");
  EXPECT_EQ(synchronous, 2);
}

TEST(SqliteLedger, AReadThatThrewKeepsNoSnapshot) {
  TempFolder folder;
  auto ledger = open(folder / "a.db");
  ASSERT_TRUE(ledger->write(adds(1)));
  EXPECT_FALSE(ledger->read<int>([](Transaction& t) -> int {
    test::connection_of(t).prepare("SELECT id FROM inbox").executeStep();
    throw std::runtime_error("amidst the rows");
  }));
  ASSERT_TRUE(ledger->write(adds(2)));
  EXPECT_EQ(rows(*ledger), 2);
}

TEST(SqliteLedger, WhatConcernsTheDatabaseFailsABatchOnceAndIsLoggedOnce) {
  TempFolder folder;
  auto ledger = open(folder / "a.db");
  ASSERT_TRUE(ledger->write(
      [](Transaction& t) { test::connection_of(t).database().exec("PRAGMA query_only=1"); }));
  std::atomic<int> ran{0};
  std::vector<Ledger::Task> tasks;
  for (int i = 0; i < 256; ++i) tasks.emplace_back([&](Transaction&) { ++ran; });
  testing::internal::CaptureStderr();
  for (int round = 0; round < 3; ++round) {
    for (const auto& result : write_all(*ledger, tasks)) {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, Code::kStorage);
    }
  }
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  EXPECT_EQ(ran, 0);
  EXPECT_FALSE(ledger->last_commit());
}

TEST(SqliteLedger, ALockedDatabaseFailsAllThatWaitAtOnceAndPassesByItself) {
  TempFolder folder;
  auto ledger = open(folder / "a.db");
  SQLite::Database other(folder / "a.db", SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  std::vector<Ledger::Task> tasks;
  for (int i = 0; i < 600; ++i) tasks.push_back(adds(i));
  const SteadyTime begun = steady_now();
  for (const auto& result : write_all(*ledger, std::move(tasks))) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kStorage);
  }
  EXPECT_LT(since(begun), milliseconds(9000)) << "SQLite waits 5 s, once";
  EXPECT_FALSE(ledger->last_commit());
  other.exec("ROLLBACK");
  EXPECT_TRUE(test::wait_until([&] { return ledger->last_commit().has_value(); }));
  EXPECT_TRUE(ledger->write(adds(1)));
}

struct Loss {
  const char* name;
  void (*lose)(const std::filesystem::path& folder);
};
class Losses : public testing::TestWithParam<Loss> {};

TEST_P(Losses, OfItsFilesAreNoticed) {
  TempFolder folder;
  std::filesystem::create_directory(folder / "data");
  auto ledger = open(folder / "data/a.db");
  ASSERT_TRUE(ledger->write(adds(1)));
  ASSERT_TRUE(ledger->in_place());
  GetParam().lose(folder / "data");
  // While idle, and after a commit at once.
  EXPECT_TRUE(test::wait_until([&] { return !ledger->in_place(); }, std::chrono::seconds(5)));
  const auto place = ledger->in_place();
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().code, Code::kStorage);
  EXPECT_NE(place.error().text.en.find("deleted, moved or replaced"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    SqliteLedger, Losses,
    testing::Values(
        Loss{"file", [](const auto& f) { std::filesystem::remove(f / "a.db"); }},
        Loss{"wal", [](const auto& f) { std::filesystem::remove(f / "a.db-wal"); }},
        Loss{"shm", [](const auto& f) { std::filesystem::remove(f / "a.db-shm"); }},
        Loss{"moved", [](const auto& f) { std::filesystem::rename(f / "a.db", f / "b.db"); }},
        Loss{"replaced",
             [](const auto& f) {
               std::filesystem::copy_file(f / "a.db", f / "b.db");
               std::filesystem::rename(f / "b.db", f / "a.db");
             }},
        Loss{"folder", [](const auto& f) { std::filesystem::remove_all(f); }},
        Loss{"folder_moved", [](const auto& f) { std::filesystem::rename(f, f.string() + "2"); }}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(SqliteLedger, NoticesALossRightAfterACommit) {
  TempFolder folder;
  auto ledger = open(folder / "a.db");
  std::promise<bool> in_place;
  std::filesystem::rename(folder / "a.db", folder / "b.db");
  ledger->write(adds(1),
                [&](const Result<void>&) { in_place.set_value(ledger->in_place().has_value()); });
  EXPECT_FALSE(in_place.get_future().get());
  std::filesystem::rename(folder / "b.db", folder / "a.db");
  EXPECT_TRUE(test::wait_until([&] { return ledger->in_place().has_value(); }));
  EXPECT_EQ(rows(*ledger), 1);
}

TEST(SqliteLedger, AFullDiskIsToldAndPassesWhenThereIsRoomAgain) {
  TempFolder folder;
  auto ledger = open(folder / "a.db", 40);
  Result<void> result;
  int number = 0;
  while (result && number < 1000) {
    ++number;
    result = ledger->write(adds(number, std::string(4000, 'x')));
  }
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kStorageFull);
  EXPECT_EQ(result.error().text.en, "the disk is full: free some space, ai_bot goes on by itself");
  EXPECT_FALSE(ledger->last_commit());
  const int64_t kept = rows(*ledger);
  EXPECT_EQ(kept, number - 1);
  // The write that failed left nothing behind, and later ones work as soon as there is room.
  ASSERT_TRUE(ledger->write([](Transaction& t) {
    test::connection_of(t).database().exec("PRAGMA max_page_count=1000");
  }));
  EXPECT_TRUE(ledger->write(adds(number)));
  EXPECT_TRUE(ledger->last_commit());
  EXPECT_EQ(rows(*ledger), kept + 1);
}

struct Broken {
  const char* name;
  void (*spoil)(const std::string& file);
  Code code;
  const char* text;
};
class BrokenFiles : public testing::TestWithParam<Broken> {};

TEST_P(BrokenFiles, AreRefusedWithWhatToDo) {
  TempFolder folder;
  { open(folder / "a.db"); }
  GetParam().spoil(folder / "a.db");
  const auto ledger = SqliteLedger::open({folder / "a.db"});
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, GetParam().code);
  EXPECT_TRUE(ledger.error().text.en.starts_with(folder / "a.db")) << ledger.error().text.en;
  EXPECT_NE(ledger.error().text.en.find(GetParam().text), std::string::npos)
      << ledger.error().text.en;
  EXPECT_NE(ledger.error().text.zh, ledger.error().text.en);
}

INSTANTIATE_TEST_SUITE_P(
    SqliteLedger, BrokenFiles,
    testing::Values(
        Broken{"foreign", [](const std::string& f) { test::write_file(f, std::string(8192, 'x')); },
               Code::kStorageDamaged, "is damaged"},
        Broken{"newer",
               [](const std::string& f) {
                 SQLite::Database(f, SQLite::OPEN_READWRITE).exec("PRAGMA user_version=1000");
               },
               Code::kStorage, "later version of ai_bot"},
        Broken{"folder",
               [](const std::string& f) {
                 std::filesystem::remove(f);
                 std::filesystem::create_directory(f);
               },
               Code::kStorage, "can't be opened"}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace ai_bot
