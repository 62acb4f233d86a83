#include "store/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>

#include "store/inbox.h"
#include "support/temp_folder.h"

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
  EXPECT_EQ(bad.error().code, Code::kStorage);
  EXPECT_TRUE(results[2].get());
  EXPECT_EQ(rows(*store), 2);
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
               Code::kStorage, "is damaged"},
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
