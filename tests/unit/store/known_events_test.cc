#include "store/known_events.h"

#include <gtest/gtest.h>

#include "core/id.h"
#include "store/inbox.h"
#include "support/database.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

constexpr int kMany = 40000;  // more than two buckets

Event event(const std::string& id) { return {"hook", id, "c", "anna", "hi", "r", 1}; }
std::string name(int i) { return "om_" + std::to_string(i * 7919); }

class KnownEventsTest : public test::DatabaseTest {
 protected:
  inbox::Added add(const std::string& id) {
    inbox::Added added;
    EXPECT_TRUE(store_->write([&](Connection& c) { added = inbox::add(c, event(id)); }));
    return added;
  }
  void add_many() {
    ASSERT_TRUE(store_->write([](Connection& c) {
      for (int i = 0; i < kMany; ++i) ASSERT_TRUE(inbox::add(c, event(name(i))).is_new) << i;
    }));
  }
  void expect_all_known(Store& store) {
    ASSERT_TRUE(store.write([](Connection& c) {
      for (int i = 0; i < kMany; ++i) {
        const auto again = inbox::add(c, event(name(i)));
        ASSERT_FALSE(again.is_new) << i;
        ASSERT_EQ(again.id, i + 1);
      }
    }));
  }
};

TEST_F(KnownEventsTest, KnowsEachOfManyInAllBucketsAndAfterARestart) {
  add_many();
  expect_all_known(*store_);
  store_.reset();
  store_ = std::move(*Store::open({folder_ / "a.db"}));
  expect_all_known(*store_);
  EXPECT_TRUE(add("another").is_new);
}

TEST_F(KnownEventsTest, ATransactionThatWasRolledBackIsNotKnown) {
  EXPECT_FALSE(store_->write([](Connection& c) {
    inbox::add(c, event("1"));
    throw std::runtime_error("a mistake");
  }));
  EXPECT_TRUE(add("1").is_new);
  EXPECT_FALSE(add("1").is_new);
}

TEST_F(KnownEventsTest, KnowsWhatAnotherConnectionAdded) {
  add("1");
  EXPECT_TRUE(inbox::add(db_, event("2")).is_new);
  EXPECT_FALSE(add("2").is_new);
  EXPECT_FALSE(inbox::add(db_, event("1")).is_new);
}

TEST_F(KnownEventsTest, AnEventThatWasRemovedIsNew) {
  const auto first = add("1");
  ASSERT_TRUE(store_->write([&](Connection& c) { inbox::remove(c, first.id); }));
  EXPECT_TRUE(add("1").is_new);
}

TEST_F(KnownEventsTest, TextsDecideWhereHashesAreEqual) {
  const auto first = add("1");
  // As if the hash of "2" were that of "1".
  db_.database().exec("UPDATE inbox SET event_hash=" +
                      std::to_string(KnownEvents::hash_of("hook", "2")));
  const auto second = add("2");
  EXPECT_TRUE(second.is_new);
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(add("2").id, second.id);
}

TEST_F(KnownEventsTest, ACommitOfRandomIdsTouchesFewPages) {
  add_many();
  const auto pages_of_a_commit = [&] {
    db_.database().exec("PRAGMA wal_checkpoint(TRUNCATE)");
    EXPECT_TRUE(store_->write([](Connection& c) {
      for (int i = 0; i < 256; ++i) inbox::add(c, event(random_hex(16)));
    }));
    return std::filesystem::file_size(folder_ / "a.db-wal") / 4096;
  };
  EXPECT_LT(pages_of_a_commit(), 128u) << "with an index of the texts it is about 290";
}

// It is in the database: it must be the same for ever.
TEST(KnownEventsHash, NeverChanges) {
  EXPECT_EQ(KnownEvents::hash_of("feishu", "om_1"), -1507885877835150945);
}

}  // namespace
}  // namespace ai_bot
