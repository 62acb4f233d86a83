#include "store/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>

#include "core/clock.h"
#include "store/inbox.h"
#include "store/kept_write.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using test::TempFolder;

Event event(int number, const std::string& text = "hello") {
  return {"hook", "e" + std::to_string(number), "c", "s", text, "r", 1};
}

std::unique_ptr<Store> open(const std::string& path, int64_t max_pages = 0) {
  auto store = Store::open({path, 256, max_pages});
  EXPECT_TRUE(store) << (store ? "" : store.error().text.en);
  return std::move(*store);
}

int64_t rows(Store& store) {
  return *store.read<int64_t>([](Connection& c) { return inbox::count(c).open; });
}

TEST(Store, KeepsWhatWasCommittedAndItsFileIsPrivate) {
  TempFolder folder;
  {
    auto store = open(folder / "a.db");
    ASSERT_TRUE(store->write([](Connection& c) { inbox::add(c, event(1)); }));
  }
  auto store = open(folder / "a.db");
  EXPECT_EQ(rows(*store), 1);
  struct stat info {};
  for (const char* name : {"a.db", "a.db-wal"}) {
    ASSERT_EQ(stat((folder / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST(Store, IsInWalModeWithFullSynchronization) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  std::string mode;
  int synchronous = 0;
  ASSERT_TRUE(store->write([&](Connection& c) {
    mode = c.database().execAndGet("PRAGMA journal_mode").getString();
    synchronous = c.database().execAndGet("PRAGMA synchronous").getInt();
  }));
  EXPECT_EQ(mode, "wal");
  EXPECT_EQ(synchronous, 2);
}

TEST(Store, CommitsManyWritesAtOnceAndAnswersEach) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  constexpr int kCount = 1000;
  std::atomic<int> good{0}, heard{0};
  std::promise<void> all;
  for (int i = 0; i < kCount; ++i) {
    store->write([i](Connection& c) { inbox::add(c, event(i)); },
                 [&](const Result<void>& result) {
                   good += result ? 1 : 0;
                   if (++heard == kCount) all.set_value();
                 });
  }
  all.get_future().wait();
  EXPECT_EQ(good, kCount);
  EXPECT_EQ(rows(*store), kCount);
}

TEST(Store, WritesHandedOverTogetherAreOneCommit) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  std::promise<int64_t> seen_by_the_first;
  std::vector<Store::Write> writes;
  for (int i = 0; i < 3; ++i) {
    writes.push_back({[i](Connection& c) { inbox::add(c, event(i)); },
                      [&, i](const Result<void>&) {
                        if (i == 0) seen_by_the_first.set_value(rows(*store));
                      }});
  }
  store->write(std::move(writes));
  EXPECT_EQ(seen_by_the_first.get_future().get(), 3);
}

TEST(Store, OneBadWriteFailsAloneAndItsPartsAreRolledBack) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  std::promise<void> open_gate;
  auto gate = open_gate.get_future().share();
  store->write([gate](Connection&) { gate.wait(); }, [](const Result<void>&) {});
  std::vector<std::future<Result<void>>> results;
  for (int i = 0; i < 3; ++i) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    results.push_back(promise->get_future());
    store->write(
        [i](Connection& c) {
          inbox::add(c, event(i));
          if (i == 1) c.database().exec("INSERT INTO no_such_table VALUES (1)");
        },
        [promise](Result<void> result) { promise->set_value(std::move(result)); });
  }
  open_gate.set_value();
  EXPECT_TRUE(results[0].get());
  const auto bad = results[1].get();
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kInternal);
  EXPECT_TRUE(results[2].get());
  EXPECT_EQ(rows(*store), 2);
  EXPECT_TRUE(store->last_commit()) << "a task's own failure is not the database's";
}

// Hands `tasks` over together and waits for what becomes of each.
std::vector<Result<void>> write_all(Store& store, std::vector<Store::Task> tasks) {
  std::vector<Store::Write> writes;
  std::vector<std::future<Result<void>>> futures;
  for (Store::Task& task : tasks) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    futures.push_back(promise->get_future());
    writes.push_back({std::move(task), [promise](Result<void> r) { promise->set_value(r); }});
  }
  store.write(std::move(writes));
  std::vector<Result<void>> results;
  for (auto& future : futures) results.push_back(future.get());
  return results;
}

Store::Task adds(int number) {
  return [number](Connection& c) { inbox::add(c, event(number)); };
}

TEST(Store, NothingThatIsThrownLeavesIt) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  const auto results =
      write_all(*store, {adds(1), [](Connection&) { throw std::runtime_error("a mistake"); },
                         [](Connection&) { throw 7; }, adds(2)});
  EXPECT_TRUE(results[0]);
  EXPECT_TRUE(results[3]);
  for (const int bad : {1, 2}) {
    ASSERT_FALSE(results[bad]);
    EXPECT_EQ(results[bad].error().code, Code::kInternal);
    EXPECT_EQ(results[bad].error().text.en.find("a mistake in ai_bot: "), 0u);
  }
  const auto read =
      store->read<int>([](Connection&) -> int { throw std::runtime_error("a mistake"); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kInternal);
  store->write(adds(3), [](const Result<void>&) { throw std::runtime_error("in done"); });
  EXPECT_TRUE(store->write(adds(4)));
  EXPECT_EQ(rows(*store), 4);
}

TEST(Store, AReadThatThrewKeepsNoSnapshot) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  ASSERT_TRUE(store->write(adds(1)));
  EXPECT_FALSE(store->read<int>([](Connection& c) -> int {
    c.prepare("SELECT id FROM inbox").executeStep();
    throw std::runtime_error("amidst the rows");
  }));
  ASSERT_TRUE(store->write(adds(2)));
  EXPECT_EQ(rows(*store), 2);
}

TEST(Store, WhatConcernsTheDatabaseFailsABatchOnceAndIsLoggedOnce) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  ASSERT_TRUE(store->write([](Connection& c) { c.database().exec("PRAGMA query_only=1"); }));
  std::atomic<int> ran{0};
  std::vector<Store::Task> tasks;
  for (int i = 0; i < 256; ++i) tasks.emplace_back([&](Connection&) { ++ran; });
  testing::internal::CaptureStderr();
  for (int round = 0; round < 3; ++round) {
    for (const auto& result : write_all(*store, tasks)) {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, Code::kStorage);
    }
  }
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  EXPECT_EQ(ran, 0);
  EXPECT_FALSE(store->last_commit());
}

TEST(Store, ALockedDatabaseFailsAllThatWaitAtOnceAndPassesByItself) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  SQLite::Database other(folder / "a.db", SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  std::vector<Store::Task> tasks;
  for (int i = 0; i < 600; ++i) tasks.push_back(adds(i));
  const SteadyTime begun = steady_now();
  for (const auto& result : write_all(*store, std::move(tasks))) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kStorage);
  }
  EXPECT_LT(since(begun), milliseconds(9000)) << "SQLite waits 5 s, once";
  EXPECT_FALSE(store->last_commit());
  other.exec("ROLLBACK");
  EXPECT_TRUE(test::wait_until([&] { return store->last_commit().has_value(); }));
  EXPECT_TRUE(store->write(adds(1)));
}

TEST(Store, StaysFailedWhileAWriteIsKept) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  const Error full{Code::kStorageFull, {"full", "满"}};
  testing::internal::CaptureStderr();
  {
    KeptWrite one, two;
    EXPECT_TRUE(one.keep(*store, full));
    EXPECT_TRUE(two.keep(*store, full));
    EXPECT_TRUE(two.keep(*store, full));
    EXPECT_TRUE(store->write(adds(1))) << "a smaller one";
    std::this_thread::sleep_for(Store::kCheckInterval + milliseconds(500));  // it would be tried
    EXPECT_FALSE(store->last_commit());
    { const KeptWrite moved = std::move(one); }
    EXPECT_TRUE(store->write(adds(2)));
    EXPECT_FALSE(store->last_commit()) << "the other one is still kept";
  }
  EXPECT_TRUE(test::wait_until([&] { return store->last_commit().has_value(); }));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2)
      << "failed, and takes them again: " << said;
}

TEST(Store, AKeptWriteIsGivenUpAtDamageAndAtMistakesOnly) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  KeptWrite kept;
  EXPECT_FALSE(kept.keep(*store, {Code::kInternal, {"", ""}}));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(kept.keep(*store, {Code::kStorageFull, {"", ""}}));
  for (int i = 1; i < KeptWrite::kMostAtDamage; ++i)
    EXPECT_TRUE(kept.keep(*store, {Code::kStorageDamaged, {"", ""}}));
  EXPECT_FALSE(kept.keep(*store, {Code::kStorageDamaged, {"", ""}}));
}

TEST(Store, AfterAStopWritesFailAtOnceAndReadingGoesOn) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  std::atomic<int> heard{0};
  for (int i = 0; i < 100; ++i)
    store->write(adds(i), [&](const Result<void>& r) { heard += r ? 1 : 0; });
  store->stop();
  EXPECT_EQ(heard, 100);
  EXPECT_EQ(store->queued(), 0);
  const auto late = store->write(adds(100));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kUnavailable);
  EXPECT_EQ(rows(*store), 100);
  store->stop();
}

TEST(Store, TellsHowManyWritesWait) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  std::promise<void> gate;
  store->write([opened = gate.get_future().share()](Connection&) { opened.wait(); },
               [](const Result<void>&) {});
  for (int i = 0; i < 5; ++i) store->write(adds(i), [](const Result<void>&) {});
  EXPECT_EQ(store->queued(), 6);
  gate.set_value();
  EXPECT_TRUE(test::wait_until([&] { return store->queued() == 0; }));
}

struct Loss {
  const char* name;
  void (*lose)(const std::filesystem::path& folder);
};
class Losses : public testing::TestWithParam<Loss> {};

TEST_P(Losses, OfItsFilesAreNoticed) {
  TempFolder folder;
  std::filesystem::create_directory(folder / "data");
  auto store = open(folder / "data/a.db");
  ASSERT_TRUE(store->write(adds(1)));
  ASSERT_TRUE(store->in_place());
  GetParam().lose(folder / "data");
  // While idle, and after a commit at once.
  EXPECT_TRUE(test::wait_until([&] { return !store->in_place(); }, std::chrono::seconds(5)));
  const auto place = store->in_place();
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().code, Code::kStorage);
  EXPECT_NE(place.error().text.en.find("deleted, moved or replaced"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Store, Losses,
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

TEST(Store, NoticesALossRightAfterACommit) {
  TempFolder folder;
  auto store = open(folder / "a.db");
  std::promise<bool> in_place;
  std::filesystem::rename(folder / "a.db", folder / "b.db");
  store->write(adds(1),
               [&](const Result<void>&) { in_place.set_value(store->in_place().has_value()); });
  EXPECT_FALSE(in_place.get_future().get());
  std::filesystem::rename(folder / "b.db", folder / "a.db");
  EXPECT_TRUE(test::wait_until([&] { return store->in_place().has_value(); }));
  EXPECT_EQ(rows(*store), 1);
}

TEST(Store, AFullDiskIsToldAndPassesWhenThereIsRoomAgain) {
  TempFolder folder;
  auto store = open(folder / "a.db", 40);
  Result<void> result;
  int number = 0;
  while (result && number < 1000) {
    ++number;
    result =
        store->write([&](Connection& c) { inbox::add(c, event(number, std::string(4000, 'x'))); });
  }
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kStorageFull);
  EXPECT_EQ(result.error().text.en, "the disk is full: free some space, ai_bot goes on by itself");
  EXPECT_FALSE(store->last_commit());
  const int64_t kept = rows(*store);
  EXPECT_EQ(kept, number - 1);
  // The write that failed left nothing behind, and later ones work as soon as there is room.
  ASSERT_TRUE(store->write([](Connection& c) { c.database().exec("PRAGMA max_page_count=1000"); }));
  EXPECT_TRUE(store->write([&](Connection& c) { inbox::add(c, event(number)); }));
  EXPECT_TRUE(store->last_commit());
  EXPECT_EQ(rows(*store), kept + 1);
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
  const auto store = Store::open({folder / "a.db"});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, GetParam().code);
  EXPECT_TRUE(store.error().text.en.starts_with(folder / "a.db")) << store.error().text.en;
  EXPECT_NE(store.error().text.en.find(GetParam().text), std::string::npos)
      << store.error().text.en;
  EXPECT_NE(store.error().text.zh, store.error().text.en);
}

INSTANTIATE_TEST_SUITE_P(
    Store, BrokenFiles,
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

TEST(Store, AnsweringAfterCloseIsImpossibleBecauseTheQueueIsFinishedFirst) {
  TempFolder folder;
  std::atomic<int> heard{0};
  {
    auto store = open(folder / "a.db");
    for (int i = 0; i < 100; ++i) {
      store->write([i](Connection& c) { inbox::add(c, event(i)); },
                   [&](const Result<void>&) { ++heard; });
    }
  }
  EXPECT_EQ(heard, 100);
}

TEST(FreeDisk, IsKnownForAPathThatExists) {
  EXPECT_GT(free_disk("/tmp"), 0);
  EXPECT_EQ(free_disk("/no/such/place"), -1);
}

}  // namespace
}  // namespace ai_bot
