#include "store/retention.h"

#include <gtest/gtest.h>

#include "store/inbox.h"
#include "store/outbox.h"
#include "store/sessions.h"
#include "support/fake_clock.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

constexpr milliseconds kDay{86400000};

struct RetentionTest : testing::Test {
  test::TempFolder folder;
  test::FakeClock clock;
  std::unique_ptr<Store> store = std::move(*Store::open({folder / "a.db"}));
  Retention retention{{3 * kDay, 30 * kDay}, clock};

  int64_t receive(const std::string& event_id, milliseconds age) {
    const Event event{"hook", event_id, "c", "anna", "hi", "r", clock.unix_ms() - age.count()};
    int64_t id = 0;
    write([&](Connection& c) { id = inbox::add(c, event).id; });
    return id;
  }
  void write(const Store::Task& task) { ASSERT_TRUE(store->write(task)); }
  bool has(int64_t event) {
    return store
        ->read<std::optional<inbox::Entry>>([&](Connection& c) { return inbox::get(c, event); })
        ->has_value();
  }
  int64_t rows(const char* table) {
    return *store->read<int64_t>([&](Connection& c) {
      return c.database().execAndGet(std::string("SELECT count(*) FROM ") + table).getInt64();
    });
  }
  // Steps of a whole round.
  int forget() {
    for (int steps = 1;; ++steps) {
      bool is_more = false;
      write([&](Connection& c) { is_more = retention.step(c); });
      if (!is_more) return steps;
    }
  }
};

TEST_F(RetentionTest, EventsStayWhileTheyAreYoungOpenDeadOrNotDelivered) {
  const int64_t old = receive("old", 4 * kDay), young = receive("young", 2 * kDay);
  const int64_t open = receive("open", 4 * kDay), dead = receive("dead", 4 * kDay);
  const int64_t undelivered = receive("undelivered", 4 * kDay);
  write([&](Connection& c) {
    for (const int64_t id : {old, young, undelivered}) inbox::finish(c, id);
    inbox::bury(c, dead, "no model");
    const Event event = inbox::get(c, old)->event;
    outbox::add(c, old, event, outbox::Kind::kAnswer, {"a", "b"}, /*held=*/true);
    outbox::add(c, undelivered, event, outbox::Kind::kAnswer, {"a"}, /*held=*/false);
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
  write([&](Connection& c) {
    for (int i = 0; i < 2000; ++i) {
      // All at one instant, and the first of them are not delivered.
      const Event event{"hook", std::to_string(i), "c", "anna", "hi", "r", 1000};
      const int64_t id = inbox::add(c, event).id;
      inbox::finish(c, id);
      if (i < 500) outbox::add(c, id, event, outbox::Kind::kAnswer, {"a"}, /*held=*/false);
    }
    const Event later{"hook", "later", "c", "anna", "hi", "r", 2000};
    inbox::finish(c, inbox::add(c, later).id);
  });
  EXPECT_GE(forget(), 4);
  EXPECT_FALSE(has(2001)) << "the later one";
  EXPECT_EQ(rows("inbox"), 500) << "and all but those that stay";
}

TEST_F(RetentionTest, WhatWasSaidIsForgottenAndThenTheConversation) {
  write([&](Connection& c) {
    sessions::append(c, "old", "q", "a");
    sessions::choose_model(c, "old", "big");
    sessions::append(c, "young", "q", "a");
    sessions::choose_model(c, "young", "big");
    const std::string past = std::to_string(clock.unix_ms() - (31 * kDay).count());
    c.database().exec("UPDATE message SET created_ms=" + past + " WHERE session='old'");
    c.database().exec("UPDATE session SET changed_ms=" + past);
    c.database().exec("UPDATE message SET created_ms=" + std::to_string(clock.unix_ms()) +
                      " WHERE session='young'");
  });
  forget();
  EXPECT_EQ(rows("message"), 2);
  const auto load = [&](const char* key) {
    return *store->read<sessions::Session>(
        [&](Connection& c) { return sessions::load(c, key, 9); });
  };
  EXPECT_EQ(load("old").model, "");
  EXPECT_EQ(load("young").model, "big");
}

TEST_F(RetentionTest, ASessionThatJustChoseItsModelKeepsIt) {
  write([&](Connection& c) {
    sessions::choose_model(c, "new", "big");
    c.database().exec("UPDATE session SET changed_ms=" + std::to_string(clock.unix_ms()));
  });
  forget();
  EXPECT_EQ(rows("session"), 1);
}

TEST_F(RetentionTest, TheFileShrinksInSmallSteps) {
  const Event event{"hook", "e", "c", "anna", std::string(1000, 'x'), "r", 1000};
  write([&](Connection& c) {
    for (int i = 0; i < 20000; ++i) {
      Event one = event;
      one.event_id = std::to_string(i);
      inbox::finish(c, inbox::add(c, one).id);
    }
  });
  const auto pages = [&] {
    return *store->read<int64_t>(
        [](Connection& c) { return c.database().execAndGet("PRAGMA page_count").getInt64(); });
  };
  const int64_t before = pages();
  EXPECT_GT(forget(), 100);
  EXPECT_EQ(rows("inbox"), 0);
  EXPECT_LT(pages(), before / 2);
}

TEST_F(RetentionTest, AnIdIsNeverGivenAgain) {
  const int64_t id = receive("old", 4 * kDay);
  write([&](Connection& c) { inbox::finish(c, id); });
  forget();
  ASSERT_FALSE(has(id));
  EXPECT_GT(receive("new", milliseconds(0)), id);
}

TEST_F(RetentionTest, TheStoreDoesItWhileNobodyWritesAndInBetween) {
  write([&](Connection& c) {
    for (int i = 0; i < 5000; ++i) {
      const Event event{"hook", std::to_string(i), "c", "anna", "hi", "r", 1000};
      inbox::finish(c, inbox::add(c, event).id);
    }
  });
  const auto shared = std::make_shared<Retention>(Retention::Limits{kDay, kDay}, clock);
  store->set_upkeep([shared](Connection& c) { return shared->step(c); }, milliseconds(1));
  while (rows("inbox") > 0) ASSERT_TRUE(store->write([](Connection&) {}));
}

}  // namespace
}  // namespace ai_bot
