#include "store/sqlite/kept_counts.h"

#include <gtest/gtest.h>

#include <random>

#include "support/ledgers.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

LedgerCounts counted(Ledger& ledger) {
  return *ledger.read<LedgerCounts>([](Transaction& t) {
    const auto in = t.inbox().count();
    const auto out = t.outbox().count();
    return LedgerCounts{in.open, in.dead, out.open, out.dead};
  });
}

TEST(KeptCounts, AreWhatCountingSaysAfterARandomDay) {
  const test::TempFolder folder;
  auto ledger = std::move(*SqliteLedger::open({folder / "a.db"}));
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    const int what = static_cast<int>(random() % 9);
    const auto id = static_cast<int64_t>(random() % 100 + 1);
    const auto done = ledger->write([&](Transaction& t) {
      const Event event{"hook", std::to_string(random() % 120), "c", "anna", "hi", "r", 1000};
      const bool is_there = t.inbox().get(id).has_value();
      switch (what) {
        case 0:
        case 1:
          return void(t.inbox().add(event));
        case 2:
          if (is_there) t.inbox().finish(id);
          if (is_there) t.outbox().add(id, event, Outbox::Kind::kAnswer, {"a", "b"}, i % 3 == 0);
          return;
        case 3:
          return t.inbox().bury(id, "no model");
        case 4:
          return t.outbox().delivered(id);
        case 5:
          return t.outbox().bury(id, "refused");
        case 6:
          if (i % 20 == 0) t.inbox().replay();
          if (i % 20 == 1) t.outbox().replay();
          return;
        case 7:
          return t.inbox().remove(id);
        default:
          t.inbox().add(event);
          throw std::runtime_error("rolled back");
      }
    });
    ASSERT_EQ(done.has_value(), what != 8);
    ASSERT_EQ(ledger->counts(), counted(*ledger)) << i;
  }
  EXPECT_GT(ledger->counts().inbox_open + ledger->counts().outbox_open, 0);
  const LedgerCounts last = ledger->counts();
  ledger.reset();
  EXPECT_EQ((*SqliteLedger::open({folder / "a.db"}))->counts(), last)
      << "counted once when it is opened";
}

TEST(KeptCounts, SeeWhatAnotherProgramChanges) {
  const test::TempFolder folder;
  const auto ledger = std::move(*SqliteLedger::open({folder / "a.db"}));
  ASSERT_TRUE(ledger->write([](Transaction& t) {
    const Event event{"hook", "e", "c", "anna", "hi", "r", 1000};
    t.inbox().bury(t.inbox().add(event).id, "no model");
  }));
  EXPECT_EQ(ledger->counts().inbox_dead, 1);
  SQLite::Database(folder / "a.db", SQLite::OPEN_READWRITE).exec("UPDATE inbox SET state=0");
  EXPECT_TRUE(test::wait_until([&] { return ledger->counts().inbox_open == 1; }));
  EXPECT_EQ(ledger->counts().inbox_dead, 0);
}

}  // namespace
}  // namespace ai_bot
