// The promise under a disk that fails: nothing acknowledged is lost, nothing is done twice. A
// scripted day (messages come, are answered, delivered and forgotten, ai_bot restarts) is lived
// once for every place at which a write, a sync or a read can fail or the power can go; after it
// the power goes in any case, and what was not synced is gone. Then the day is ended on a sound
// disk.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "store/inbox.h"
#include "store/outbox.h"
#include "store/retention.h"
#include "store/sessions.h"
#include "store/store.h"
#include "support/fake_clock.h"
#include "support/faulty_vfs.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using test::FaultyVfs;

constexpr int kTries = 3;  // of a write whose content is known, and of a platform's event
constexpr milliseconds kRetention{10000};

// What the platform and the people know, whatever becomes of the disk.
struct World {
  std::set<std::string> acknowledged;
  std::map<std::string, std::set<std::string>> keys;  // of what was sent for each event
  std::map<std::string, int> sent;
  int lives = 0;
};

class Day {
 public:
  explicit Day(World& world) : world_(world) {}

  // One life of the program, from its start to its end; `work` is what happens in it. False: it did
  // not start, and said why.
  bool live(const std::string& path, const std::function<void(Store&)>& work) {
    ++world_.lives;
    sent_now_.clear();
    auto store = Store::open({path});
    if (!store) {
      EXPECT_TRUE(store.error().text.en.starts_with(path)) << store.error().text.en;
      return false;
    }
    work(**store);
    return true;
  }

  void morning(Store& store) {
    // The platform repeats none that is as old as the first two: they are forgotten.
    for (const char* id : {"0", "1"}) come(store, id, /*age=*/2 * kRetention);
    for (const char* id : {"2", "3"}) come(store, id, milliseconds(0));
    answer(store);
    deliver(store, 2);
  }

  void afternoon(Store& store) {
    for (const char* id : {"2", "3", "4", "5"}) come(store, id, milliseconds(0));
    deliver(store, 100);
    answer(store);
    deliver(store, 100);
    forget(store);
  }

 private:
  // The platform repeats an event until it is acknowledged; some it repeats after that too.
  void come(Store& store, const std::string& id, milliseconds age) {
    const Event event{"hook", id, "room", "anna", "q" + id, "r", clock_.unix_ms() - age.count()};
    for (int i = 0; i < kTries; ++i) {
      inbox::Added added;
      if (!store.write([&](Connection& c) { added = inbox::add(c, event); })) continue;
      EXPECT_FALSE(added.is_new && world_.acknowledged.count(id) != 0) << id << " was lost";
      world_.acknowledged.insert(id);
      return;
    }
  }

  void answer(Store& store) {
    const auto open = store.read<std::vector<inbox::Open>>(
        [](Connection& c) { return inbox::open_after(c, 0, 100); });
    if (!open) return;
    for (const inbox::Open& entry : *open) {
      const auto found = store.read<std::optional<inbox::Entry>>(
          [&](Connection& c) { return inbox::get(c, entry.id); });
      if (!found || !*found) continue;
      const Event& event = (*found)->event;
      repeat(store, [&](Connection& c) {
        inbox::finish(c, entry.id);
        sessions::append(c, "room", event.text, "a" + event.event_id);
        outbox::add(c, entry.id, event, outbox::Kind::kAnswer, {"a" + event.event_id}, false);
      });
    }
  }

  void deliver(Store& store, int limit) {
    const auto open = store.read<std::vector<outbox::Open>>(
        [&](Connection& c) { return outbox::open_after(c, 0, limit); });
    if (!open) return;
    for (const outbox::Open& entry : *open) {
      // As the deliverer does: what was sent is not sent again, only written down again.
      if (sent_now_.count(entry.id) == 0) {
        const auto found = store.read<std::optional<outbox::Entry>>(
            [&](Connection& c) { return outbox::get_open(c, entry.id); });
        if (!found || !*found) continue;
        const Reply& reply = (*found)->reply;
        EXPECT_EQ(reply.text, "a" + reply.event_id);
        world_.keys[reply.event_id].insert(reply.idempotency_key);
        ++world_.sent[reply.event_id];
        sent_now_.insert(entry.id);
      }
      repeat(store, [&](Connection& c) { outbox::delivered(c, entry.id); });
    }
  }

  void forget(Store& store) {
    Retention retention({kRetention, milliseconds::max() / 2}, clock_);
    bool is_more = true;
    for (int i = 0; is_more && i < 20; ++i) {
      if (!store.write([&](Connection& c) { is_more = retention.step(c); })) return;
    }
  }

  static void repeat(Store& store, const Store::Task& task) {
    for (int i = 0; i < kTries && !store.write(task); ++i) {
    }
  }

  World& world_;
  test::FakeClock clock_;
  std::set<int64_t> sent_now_;  // by this life
};

int64_t number(Store& store, const std::string& sql) {
  return *store.read<int64_t>(
      [&](Connection& c) { return c.database().execAndGet(sql).getInt64(); });
}

// The last life, on a sound disk; then everything must be as promised.
void end_and_judge(Day& day, World& world, const std::string& path) {
  const bool has_started = day.live(path, [&](Store& store) {
    day.afternoon(store);
    EXPECT_EQ(number(store,
                     "SELECT count(*) FROM pragma_integrity_check "
                     "WHERE integrity_check<>'ok'"),
              0);
    const StoreCounts counts = store.counts();
    EXPECT_EQ(counts, StoreCounts()) << "nothing is left open or dead";
    for (const std::string& id : world.acknowledged) {
      EXPECT_EQ(world.keys[id].size(), 1u) << "answers to " << id;
      EXPECT_LE(world.sent[id], world.lives) << "once a life, with the same key";
      EXPECT_EQ(number(store, "SELECT count(*) FROM message WHERE content='q" + id + "'"), 1)
          << "what was said of " << id;
    }
  });
  EXPECT_TRUE(has_started) << "a sound disk";
  for (const char* id : {"2", "3", "4", "5"}) EXPECT_EQ(world.acknowledged.count(id), 1u) << id;
}

struct Trouble {
  const char* name;
  std::function<void(FaultyVfs&, int64_t nth)> plan;
  bool passes;      // the fault is over at once
  bool keeps_some;  // of what was not synced
};

// One day with a fault in it; whether the fault came to pass.
bool live_through(FaultyVfs& disk, const Trouble& trouble, int64_t nth) {
  const test::TempFolder folder;
  const std::string path = folder / "a.db";
  World world;
  Day day(world);
  trouble.plan(disk, nth);
  bool has_started = day.live(path, [&](Store& store) { day.morning(store); });
  has_started &= day.live(path, [&](Store& store) {
    day.afternoon(store);
    disk.cut_power();
  });
  if (trouble.passes && has_started) {
    for (const char* id : {"0", "1", "2", "3", "4", "5"})
      EXPECT_EQ(world.acknowledged.count(id), 1u) << id << ": it goes on by itself";
  }
  const bool has_struck = disk.has_struck();
  disk.cut_power();
  disk.mend();
  disk.restore_power(trouble.keeps_some, static_cast<uint32_t>(nth));
  end_and_judge(day, world, path);
  return has_struck;
}

class PowerCut : public testing::TestWithParam<Trouble> {};

TEST_P(PowerCut, NothingAcknowledgedIsLostAndNothingIsDoneTwice) {
  FaultyVfs disk;
  testing::internal::CaptureStderr();  // the store's log says each failure
  int64_t nth = 1;
  while (live_through(disk, GetParam(), nth) && !HasFailure()) ++nth;
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_FALSE(HasFailure()) << "with the fault at " << nth << "\n" << said;
  EXPECT_GT(nth, 20) << "the day must have places to fail at";
  RecordProperty("places", std::to_string(nth));
}

Trouble failing(const char* name, FaultyVfs::Call call, int code, bool lasting) {
  return {name, [=](FaultyVfs& disk, int64_t nth) { disk.fail(call, nth, code, lasting); },
          /*passes=*/!lasting, /*keeps_some=*/false};
}

Trouble dark(const char* name, bool keeps_some) {
  return {name, [](FaultyVfs& disk, int64_t nth) { disk.cut_power_at(nth); }, /*passes=*/false,
          keeps_some};
}

INSTANTIATE_TEST_SUITE_P(
    Store, PowerCut,
    testing::Values(failing("a_write_fails", FaultyVfs::Call::kWrite, SQLITE_IOERR_WRITE, false),
                    failing("the_disk_is_full", FaultyVfs::Call::kWrite, SQLITE_FULL, true),
                    failing("a_sync_fails", FaultyVfs::Call::kSync, SQLITE_IOERR_FSYNC, false),
                    failing("syncs_fail", FaultyVfs::Call::kSync, SQLITE_IOERR_FSYNC, true),
                    failing("a_read_fails", FaultyVfs::Call::kRead, SQLITE_IOERR_READ, false),
                    failing("reads_fail", FaultyVfs::Call::kRead, SQLITE_IOERR_READ, true),
                    dark("the_power_goes", false), dark("the_power_goes_amidst_writes", true)),
    [](const auto& param) { return std::string(param.param.name); });

// Whatever fails while nobody writes is noticed once, and tried again once in a while.
TEST(PowerCutSuite, AnIdleStoreOnADeadDiskRestsAndRecovers) {
  FaultyVfs disk;
  const test::TempFolder folder;
  auto store = std::move(*Store::open({folder / "a.db"}));
  ASSERT_TRUE(store->write([](Connection&) {}));
  testing::internal::CaptureStderr();
  // Somebody else writes, so that there is something to read; and nothing can be read.
  SQLite::Database(folder / "a.db", SQLite::OPEN_READWRITE).exec("CREATE TABLE other (a)");
  disk.fail(FaultyVfs::Call::kRead, 1, SQLITE_IOERR_READ, /*lasting=*/true);
  std::this_thread::sleep_for(2 * Store::kCheckInterval + milliseconds(500));
  EXPECT_LT(disk.count(FaultyVfs::Call::kRead), 100) << "it does not try without rest";
  disk.mend();
  EXPECT_TRUE(test::wait_until([&] { return store->last_commit().has_value(); }));
  EXPECT_TRUE(store->write([](Connection&) {}));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find("a mistake in ai_bot"), std::string::npos) << said;
  EXPECT_LE(std::count(said.begin(), said.end(), '\n'), 2) << said;
}

// The suite itself: a store that does not wait for the disk is found out.
TEST(PowerCutSuite, FindsACommitThatWasNotSynced) {
  FaultyVfs disk;
  const test::TempFolder folder;
  const std::string path = folder / "a.db";
  const Event event{"hook", "1", "room", "anna", "q", "r", 1};
  {
    auto store = std::move(*Store::open({path}));
    disk.mend();
    ASSERT_TRUE(store->write([](Connection&) {}));
    ASSERT_TRUE(store->write([&](Connection& c) { inbox::add(c, event); }));
    EXPECT_GT(disk.count(FaultyVfs::Call::kSync), 0);
    disk.cut_power();
  }
  disk.restore_power(false, 1);
  {
    auto store = std::move(*Store::open({path}));
    EXPECT_EQ(store->counts().inbox_open, 1) << "synced";
    // Outside of the store, without FULL: the commit is said to be done, and is not kept.
    Connection careless(path, SQLite::OPEN_READWRITE);
    careless.database().exec("PRAGMA synchronous=NORMAL");
    careless.database().exec("DELETE FROM inbox");
    EXPECT_EQ(number(*store, "SELECT count(*) FROM inbox"), 0);
    disk.cut_power();
  }
  disk.restore_power(false, 1);
  auto store = std::move(*Store::open({path}));
  EXPECT_EQ(store->counts().inbox_open, 1) << "the careless commit is gone";
}

}  // namespace
}  // namespace ai_bot
