#include "store/sqlite/retention.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/ledgers.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

constexpr milliseconds kDay{86400000};

struct RetentionTest : testing::Test {
  test::TempFolder folder;
  test::FakeClock clock;
  std::unique_ptr<SqliteLedger> ledger = std::move(*SqliteLedger::open({folder / "a.db"}));
  Retention retention{{3 * kDay, 30 * kDay}, clock};

  int64_t receive(const std::string& event_id, milliseconds age) {
    const Event event{"hook", event_id, "c", "anna", "hi", "r", clock.unix_ms() - age.count()};
    int64_t id = 0;
    write([&](Transaction& t) { id = t.inbox().add(event).id; });
    return id;
  }
  void write(const Ledger::Task& task) { ASSERT_TRUE(ledger->write(task)); }
  bool has(int64_t event) {
    return ledger
        ->read<std::optional<Inbox::Entry>>([&](Transaction& t) { return t.inbox().get(event); })
        ->has_value();
  }
  int64_t rows(const char* table) {
    return *ledger->read<int64_t>([&](Transaction& t) {
      return test::connection_of(t)
          .database()
          .execAndGet(std::string("SELECT count(*) FROM ") + table)
          .getInt64();
    });
  }
  // Steps of a whole round.
  int forget() {
    for (int steps = 1;; ++steps) {
      bool is_more = false;
      write([&](Transaction& t) { is_more = retention.step(test::connection_of(t)); });
      if (!is_more) return steps;
    }
  }
};

TEST_F(RetentionTest, EventsStayWhileTheyAreYoungOpenDeadOrNotDelivered) {
  const int64_t old = receive("old", 4 * kDay), young = receive("young", 2 * kDay);
  const int64_t open = receive("open", 4 * kDay), dead = receive("dead", 4 * kDay);
  const int64_t undelivered = receive("undelivered", 4 * kDay);
  write([&](Transaction& t) {
    for (const int64_t id : {old, young, undelivered}) t.inbox().finish(id);
    t.inbox().bury(dead, "no model");
    const Event event = t.inbox().get(old)->event;
    t.outbox().add(old, event, Outbox::Kind::kAnswer, {"a", "b"}, /*held=*/true);
    t.outbox().add(undelivered, event, Outbox::Kind::kAnswer, {"a"}, /*held=*/false);
  });
  forget();
  EXPECT_FALSE(has(old));
  EXPECT_EQ(rows("outbox"), 1) << "its replies go with it";
  for (const int64_t id : {young, open, dead, undelivered}) EXPECT_TRUE(has(id)) << id;
  clock.advance(2 * kDay);
  forget();
  EXPECT_FALSE(has(young));
}

TEST_F(RetentionTest, ManyAreForgottenInSmallStepsAlsoBehindManyThatStay) {
  write([&](Transaction& t) {
    for (int i = 0; i < 2000; ++i) {
      // All at one instant, and the first of them are not delivered.
      const Event event{"hook", std::to_string(i), "c", "anna", "hi", "r", 1000};
      const int64_t id = t.inbox().add(event).id;
      t.inbox().finish(id);
      if (i < 500) t.outbox().add(id, event, Outbox::Kind::kAnswer, {"a"}, /*held=*/false);
    }
    const Event later{"hook", "later", "c", "anna", "hi", "r", 2000};
    t.inbox().finish(t.inbox().add(later).id);
  });
  EXPECT_GE(forget(), 4);
  EXPECT_FALSE(has(2001)) << "the later one";
  EXPECT_EQ(rows("inbox"), 500) << "and all but those that stay";
}

TEST_F(RetentionTest, WhatWasSaidIsForgottenAndThenTheConversation) {
  write([&](Transaction& t) {
    t.sessions().append("old", "q", "a");
    t.sessions().choose_model("old", "big");
    t.sessions().append("young", "q", "a");
    t.sessions().choose_model("young", "big");
    const std::string past = std::to_string(clock.unix_ms() - (31 * kDay).count());
    test::connection_of(t).database().exec("UPDATE message SET created_ms=" + past +
                                           " WHERE session='old'");
    test::connection_of(t).database().exec("UPDATE session SET changed_ms=" + past);
    test::connection_of(t).database().exec(
        "UPDATE message SET created_ms=" + std::to_string(clock.unix_ms()) +
        " WHERE session='young'");
  });
  forget();
  EXPECT_EQ(rows("message"), 2);
  const auto load = [&](const char* key) {
    return *ledger->read<Sessions::Session>(
        [&](Transaction& t) { return t.sessions().load(key, 9); });
  };
  EXPECT_EQ(load("old").model, "");
  EXPECT_EQ(load("young").model, "big");
}

TEST_F(RetentionTest, ASessionThatJustChoseItsModelKeepsIt) {
  write([&](Transaction& t) {
    t.sessions().choose_model("new", "big");
    test::connection_of(t).database().exec("UPDATE session SET changed_ms=" +
                                           std::to_string(clock.unix_ms()));
  });
  forget();
  EXPECT_EQ(rows("session"), 1);
}

TEST_F(RetentionTest, TheFileShrinksInSmallSteps) {
  const Event event{"hook", "e", "c", "anna", std::string(1000, 'x'), "r", 1000};
  write([&](Transaction& t) {
    for (int i = 0; i < 20000; ++i) {
      Event one = event;
      one.event_id = std::to_string(i);
      t.inbox().finish(t.inbox().add(one).id);
    }
  });
  const auto pages = [&] {
    return *ledger->read<int64_t>([](Transaction& t) {
      return test::connection_of(t).database().execAndGet("PRAGMA page_count").getInt64();
    });
  };
  const int64_t before = pages();
  EXPECT_GT(forget(), 100);
  EXPECT_EQ(rows("inbox"), 0);
  EXPECT_LT(pages(), before / 2);
}

TEST_F(RetentionTest, AnIdIsNeverGivenAgain) {
  const int64_t id = receive("old", 4 * kDay);
  write([&](Transaction& t) { t.inbox().finish(id); });
  forget();
  ASSERT_FALSE(has(id));
  EXPECT_GT(receive("new", milliseconds(0)), id);
}

TEST_F(RetentionTest, TheStoreDoesItWhileNobodyWritesAndInBetween) {
  write([&](Transaction& t) {
    for (int i = 0; i < 5000; ++i) {
      const Event event{"hook", std::to_string(i), "c", "anna", "hi", "r", 1000};
      t.inbox().finish(t.inbox().add(event).id);
    }
  });
  const auto shared = std::make_shared<Retention>(Retention::Limits{kDay, kDay}, clock);
  ledger->set_upkeep([shared](Connection& c) { return shared->step(c); }, milliseconds(1));
  while (rows("inbox") > 0) ASSERT_TRUE(ledger->write([](Transaction&) {}));
}

}  // namespace
}  // namespace ai_bot
