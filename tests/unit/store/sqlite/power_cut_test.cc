// The promise under a disk that fails: nothing acknowledged is lost, nothing is done twice. A
// scripted day (messages come, are answered, delivered and forgotten, ai_bot restarts) is lived
// once for every place at which a write, a sync or a read can fail or the power can go; after it
// the power goes in any case, and what was not synced is gone. Then the day is ended on a sound
// disk.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "store/sqlite/retention.h"
#include "support/fake_clock.h"
#include "support/faulty_vfs.h"
#include "support/ledgers.h"
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
  bool live(const std::string& path, const std::function<void(Ledger&)>& work) {
    ++world_.lives;
    sent_now_.clear();
    auto ledger = SqliteLedger::open({path});
    if (!ledger) {
      EXPECT_TRUE(ledger.error().text.en.starts_with(path)) << ledger.error().text.en;
      return false;
    }
    work(**ledger);
    return true;
  }

  void morning(Ledger& ledger) {
    // The platform repeats none that is as old as the first two: they are forgotten.
    for (const char* id : {"0", "1"}) come(ledger, id, /*age=*/2 * kRetention);
    for (const char* id : {"2", "3"}) come(ledger, id, milliseconds(0));
    answer(ledger);
    deliver(ledger, 2);
  }

  void afternoon(Ledger& ledger) {
    for (const char* id : {"2", "3", "4", "5"}) come(ledger, id, milliseconds(0));
    deliver(ledger, 100);
    answer(ledger);
    deliver(ledger, 100);
    forget(ledger);
  }

 private:
  // The platform repeats an event until it is acknowledged; some it repeats after that too.
  void come(Ledger& ledger, const std::string& id, milliseconds age) {
    const Event event{"hook", id, "room", "anna", "q" + id, "r", clock_.unix_ms() - age.count()};
    for (int i = 0; i < kTries; ++i) {
      Inbox::Added added;
      if (!ledger.write([&](Transaction& t) { added = t.inbox().add(event); })) continue;
      EXPECT_FALSE(added.is_new && world_.acknowledged.count(id) != 0) << id << " was lost";
      world_.acknowledged.insert(id);
      return;
    }
  }

  void answer(Ledger& ledger) {
    const auto open = ledger.read<std::vector<Inbox::Open>>(
        [](Transaction& t) { return t.inbox().open_after(0, 100); });
    if (!open) return;
    for (const Inbox::Open& entry : *open) {
      const auto found = ledger.read<std::optional<Inbox::Entry>>(
          [&](Transaction& t) { return t.inbox().get(entry.id); });
      if (!found || !*found) continue;
      const Event& event = (*found)->event;
      repeat(ledger, [&](Transaction& t) {
        t.inbox().finish(entry.id);
        t.sessions().append("room", event.text, "a" + event.event_id);
        t.outbox().add(entry.id, event, Outbox::Kind::kAnswer, {"a" + event.event_id}, false);
      });
    }
  }

  void deliver(Ledger& ledger, int limit) {
    const auto open = ledger.read<std::vector<Outbox::Open>>(
        [&](Transaction& t) { return t.outbox().open_after(0, limit); });
    if (!open) return;
    for (const Outbox::Open& entry : *open) {
      // As the deliverer does: what was sent is not sent again, only written down again.
      if (sent_now_.count(entry.id) == 0) {
        const auto found = ledger.read<std::optional<Outbox::Entry>>(
            [&](Transaction& t) { return t.outbox().get_open(entry.id); });
        if (!found || !*found) continue;
        const Reply& reply = (*found)->reply;
        EXPECT_EQ(reply.text, "a" + reply.event_id);
        world_.keys[reply.event_id].insert(reply.idempotency_key);
        ++world_.sent[reply.event_id];
        sent_now_.insert(entry.id);
      }
      repeat(ledger, [&](Transaction& t) { t.outbox().delivered(entry.id); });
    }
  }

  void forget(Ledger& ledger) {
    Retention retention({kRetention, milliseconds::max() / 2}, clock_);
    bool is_more = true;
    for (int i = 0; is_more && i < 20; ++i) {
      if (!ledger.write([&](Transaction& t) { is_more = retention.step(test::connection_of(t)); }))
        return;
    }
  }

  static void repeat(Ledger& ledger, const Ledger::Task& task) {
    for (int i = 0; i < kTries && !ledger.write(task); ++i) {
    }
  }

  World& world_;
  test::FakeClock clock_;
  std::set<int64_t> sent_now_;  // by this life
};

int64_t number(Ledger& ledger, const std::string& sql) {
  return *ledger.read<int64_t>(
      [&](Transaction& t) { return test::connection_of(t).database().execAndGet(sql).getInt64(); });
}

// The last life, on a sound disk; then everything must be as promised.
void end_and_judge(Day& day, World& world, const std::string& path) {
  const bool has_started = day.live(path, [&](Ledger& ledger) {
    day.afternoon(ledger);
    EXPECT_EQ(number(ledger,
                     "SELECT count(*) FROM pragma_integrity_check "
                     "WHERE integrity_check<>'ok'"),
              0);
    const LedgerCounts counts = ledger.counts();
    EXPECT_EQ(counts, LedgerCounts()) << "nothing is left open or dead";
    for (const std::string& id : world.acknowledged) {
      EXPECT_EQ(world.keys[id].size(), 1u) << "answers to " << id;
      EXPECT_LE(world.sent[id], world.lives) << "once a life, with the same key";
      EXPECT_EQ(number(ledger, "SELECT count(*) FROM message WHERE content='q" + id + "'"), 1)
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
  bool has_started = day.live(path, [&](Ledger& ledger) { day.morning(ledger); });
  has_started &= day.live(path, [&](Ledger& ledger) {
    day.afternoon(ledger);
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
    Ledger, PowerCut,
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
  auto ledger = std::move(*SqliteLedger::open({folder / "a.db"}));
  ASSERT_TRUE(ledger->write([](Transaction&) {}));
  testing::internal::CaptureStderr();
  // Somebody else writes, so that there is something to read; and nothing can be read.
  SQLite::Database(folder / "a.db", SQLite::OPEN_READWRITE).exec("CREATE TABLE other (a)");
  disk.fail(FaultyVfs::Call::kRead, 1, SQLITE_IOERR_READ, /*lasting=*/true);
  std::this_thread::sleep_for(2 * Ledger::kCheckInterval + milliseconds(500));
  EXPECT_LT(disk.count(FaultyVfs::Call::kRead), 100) << "it does not try without rest";
  disk.mend();
  EXPECT_TRUE(test::wait_until([&] { return ledger->last_commit().has_value(); }));
  EXPECT_TRUE(ledger->write([](Transaction&) {}));
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
    auto ledger = std::move(*SqliteLedger::open({path}));
    disk.mend();
    ASSERT_TRUE(ledger->write([](Transaction&) {}));
    ASSERT_TRUE(ledger->write([&](Transaction& t) { t.inbox().add(event); }));
    EXPECT_GT(disk.count(FaultyVfs::Call::kSync), 0);
    disk.cut_power();
  }
  disk.restore_power(false, 1);
  {
    auto ledger = std::move(*SqliteLedger::open({path}));
    EXPECT_EQ(ledger->counts().inbox_open, 1) << "synced";
    // Outside of the store, without FULL: the commit is said to be done, and is not kept.
    Connection careless(path, SQLite::OPEN_READWRITE);
    careless.database().exec("PRAGMA synchronous=NORMAL");
    careless.database().exec("DELETE FROM inbox");
    EXPECT_EQ(number(*ledger, "SELECT count(*) FROM inbox"), 0);
    disk.cut_power();
  }
  disk.restore_power(false, 1);
  auto ledger = std::move(*SqliteLedger::open({path}));
  EXPECT_EQ(ledger->counts().inbox_open, 1) << "the careless commit is gone";
}

}  // namespace
}  // namespace ai_bot
