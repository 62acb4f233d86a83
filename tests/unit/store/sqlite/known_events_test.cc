#include "store/sqlite/known_events.h"

#include <gtest/gtest.h>

#include "core/id.h"
#include "support/ledgers.h"
#include "support/test_data.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

constexpr int kMany = 70000;  // more than a group of buckets

Event event(const std::string& id) { return {"hook", id, "c", "anna", "hi", "r", 1}; }
std::string name(int i) { return "om_" + std::to_string(i * 7919); }

class KnownEventsTest : public testing::Test {
 protected:
  test::TempFolder folder_;
  std::unique_ptr<Ledger> ledger_ = test::open_sqlite(folder_.path());
  SqliteTables other_{folder_ / "a.db", SQLite::OPEN_READWRITE};

  Inbox::Added add(const std::string& id) {
    Inbox::Added added;
    EXPECT_TRUE(ledger_->write([&](Transaction& t) { added = t.inbox().add(event(id)); }));
    return added;
  }
  void add_many() {
    ASSERT_TRUE(ledger_->write([](Transaction& t) {
      for (int i = 0; i < kMany; ++i) ASSERT_TRUE(t.inbox().add(event(name(i))).is_new) << i;
    }));
  }
  void expect_all_known(Ledger& ledger) {
    ASSERT_TRUE(ledger.write([](Transaction& t) {
      for (int i = 0; i < kMany; ++i) {
        const auto again = t.inbox().add(event(name(i)));
        ASSERT_FALSE(again.is_new) << i;
        ASSERT_EQ(again.id, i + 1);
      }
    }));
  }
};

TEST_F(KnownEventsTest, KnowsEachOfManyInAllBucketsAndAfterARestart) {
  add_many();
  expect_all_known(*ledger_);
  ledger_.reset();
  ledger_ = std::move(*SqliteLedger::open({folder_ / "a.db"}));
  expect_all_known(*ledger_);
  EXPECT_TRUE(add("another").is_new);
}

TEST_F(KnownEventsTest, KnowsThoseOfLayout4WhoseBucketsWereLarger) {
  add_many();
  ledger_.reset();
  SQLite::Database& old = other_.connection().database();
  old.exec("UPDATE inbox SET bucket = id / 16384");
  old.exec("PRAGMA user_version = 4");
  ledger_ = std::move(*SqliteLedger::open({folder_ / "a.db"}));
  expect_all_known(*ledger_);
  EXPECT_LE(old.execAndGet("SELECT max(n) FROM (SELECT count(*) AS n FROM inbox GROUP BY bucket)")
                .getInt64(),
            KnownEvents::kBucketEvents);
}

TEST_F(KnownEventsTest, ATransactionThatWasRolledBackIsNotKnown) {
  EXPECT_FALSE(ledger_->write([](Transaction& t) {
    t.inbox().add(event("1"));
    throw std::runtime_error("a mistake");
  }));
  EXPECT_TRUE(add("1").is_new);
  EXPECT_FALSE(add("1").is_new);
}

TEST_F(KnownEventsTest, KnowsWhatAnotherConnectionAdded) {
  add("1");
  EXPECT_TRUE(other_.inbox().add(event("2")).is_new);
  EXPECT_FALSE(add("2").is_new);
  EXPECT_FALSE(other_.inbox().add(event("1")).is_new);
}

TEST_F(KnownEventsTest, AnEventThatWasRemovedIsNew) {
  const auto first = add("1");
  ASSERT_TRUE(ledger_->write([&](Transaction& t) { t.inbox().remove(first.id); }));
  EXPECT_TRUE(add("1").is_new);
}

TEST_F(KnownEventsTest, TextsDecideWhereHashesAreEqual) {
  const auto first = add("1");
  // As if the hash of "2" were that of "1".
  other_.connection().database().exec("UPDATE inbox SET event_hash=" +
                                      std::to_string(KnownEvents::hash_of("hook", "2")));
  const auto second = add("2");
  EXPECT_TRUE(second.is_new);
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(add("2").id, second.id);
}

TEST_F(KnownEventsTest, ACommitOfRandomIdsTouchesFewPages) {
  add_many();
  const auto pages_of_a_commit = [&] {
    // Busy while the ledger's own thread copies what add_many() left.
    EXPECT_TRUE(test::wait_until([&] {
      SQLite::Database& database = other_.connection().database();
      return database.execAndGet("PRAGMA wal_checkpoint(TRUNCATE)").getInt() == 0;
    }));
    EXPECT_TRUE(ledger_->write([](Transaction& t) {
      for (int i = 0; i < 256; ++i) t.inbox().add(event(random_hex(16)));
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
