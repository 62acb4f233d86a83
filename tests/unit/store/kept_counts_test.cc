#include "store/kept_counts.h"

#include <gtest/gtest.h>

#include <random>

#include "store/inbox.h"
#include "store/outbox.h"
#include "store/store.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

StoreCounts counted(Store& store) {
  return *store.read<StoreCounts>([](Connection& c) {
    const auto in = inbox::count(c);
    const auto out = outbox::count(c);
    return StoreCounts{in.open, in.dead, out.open, out.dead};
  });
}

TEST(KeptCounts, AreWhatCountingSaysAfterARandomDay) {
  const test::TempFolder folder;
  auto store = std::move(*Store::open({folder / "a.db"}));
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    const int what = static_cast<int>(random() % 9);
    const auto id = static_cast<int64_t>(random() % 100 + 1);
    const auto done = store->write([&](Connection& c) {
      const Event event{"hook", std::to_string(random() % 120), "c", "anna", "hi", "r", 1000};
      const bool is_there = inbox::get(c, id).has_value();
      switch (what) {
        case 0:
        case 1:
          return void(inbox::add(c, event));
        case 2:
          if (is_there) inbox::finish(c, id);
          if (is_there) outbox::add(c, id, event, outbox::Kind::kAnswer, {"a", "b"}, i % 3 == 0);
          return;
        case 3:
          return inbox::bury(c, id, "no model");
        case 4:
          return outbox::delivered(c, id);
        case 5:
          return outbox::bury(c, id, "refused");
        case 6:
          if (i % 20 == 0) inbox::replay(c);
          if (i % 20 == 1) outbox::replay(c);
          return;
        case 7:
          return inbox::remove(c, id);
        default:
          inbox::add(c, event);
          throw std::runtime_error("rolled back");
      }
    });
    ASSERT_EQ(done.has_value(), what != 8);
    ASSERT_EQ(store->counts(), counted(*store)) << i;
  }
  EXPECT_GT(store->counts().inbox_open + store->counts().outbox_open, 0);
  const StoreCounts last = store->counts();
  store.reset();
  EXPECT_EQ((*Store::open({folder / "a.db"}))->counts(), last) << "counted once when it is opened";
}

TEST(KeptCounts, SeeWhatAnotherProgramChanges) {
  const test::TempFolder folder;
  const auto store = std::move(*Store::open({folder / "a.db"}));
  ASSERT_TRUE(store->write([](Connection& c) {
    const Event event{"hook", "e", "c", "anna", "hi", "r", 1000};
    inbox::bury(c, inbox::add(c, event).id, "no model");
  }));
  EXPECT_EQ(store->counts().inbox_dead, 1);
  SQLite::Database(folder / "a.db", SQLite::OPEN_READWRITE).exec("UPDATE inbox SET state=0");
  EXPECT_TRUE(test::wait_until([&] { return store->counts().inbox_open == 1; }));
  EXPECT_EQ(store->counts().inbox_dead, 0);
}

}  // namespace
}  // namespace ai_bot
