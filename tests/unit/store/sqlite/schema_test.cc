#include "store/sqlite/schema.h"

#include <gtest/gtest.h>

#include "store/sqlite/retention.h"
#include "support/ledgers.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

TEST(Schema, TakesADatabaseOfLayout1OverWithAllThatIsInIt) {
  const test::TempFolder folder;
  const std::string path = folder / "a.db";
  SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec(test::read_file(test::data_path("unit/store/sqlite/layout1.sql")));
  const auto ledger = SqliteLedger::open({path});
  ASSERT_TRUE(ledger) << ledger.error().text.en;
  ASSERT_TRUE((*ledger)->write([](Transaction& transaction) {
    const auto replies = transaction.outbox().open_after(0, 10);
    ASSERT_EQ(replies.size(), 1u);
    EXPECT_EQ(replies[0].id, 7);
    const auto reply = transaction.outbox().get_open(7);
    EXPECT_EQ(reply->reply.idempotency_key, "key-7");
    EXPECT_EQ(reply->reply.text, "hello");
    EXPECT_EQ(reply->reply.part, 0);
    EXPECT_EQ(reply->attempts, 3);
    const auto entries = transaction.inbox().open_after(0, 10);
    ASSERT_EQ(entries.size(), 1u);
    const auto entry = transaction.inbox().get(entries[0].id);
    EXPECT_EQ(entry->event.event_id, "e2");
    EXPECT_TRUE(entry->event.attachments.empty());
    EXPECT_EQ(transaction.inbox().draft(2), "");
  }));
  // And goes on in the new layout.
  EXPECT_TRUE((*ledger)->write([](Transaction& transaction) {
    Event event = transaction.inbox().get(2)->event;
    transaction.outbox().add(2, event, Outbox::Kind::kAnswer, {"one", "two"}, false);
  }));
}

TEST(Schema, AModelThatWasChosenBeforeSessionsHadATimeStaysChosen) {
  const test::TempFolder folder;
  const std::string path = folder / "a.db";
  {
    SQLite::Database old(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    old.exec(test::read_file(test::data_path("unit/store/sqlite/layout1.sql")));
    old.exec("INSERT INTO session (key, model) VALUES ('hook/new', 'big')");
  }
  const auto ledger = SqliteLedger::open({path});
  ASSERT_TRUE(ledger) << ledger.error().text.en;
  Retention retention({std::chrono::hours(1), std::chrono::hours(24)});
  for (bool is_more = true; is_more;)
    ASSERT_TRUE((*ledger)->write(
        [&](Transaction& t) { is_more = retention.step(test::connection_of(t)); }));
  EXPECT_TRUE((*ledger)->write(
      [](Transaction& t) { EXPECT_EQ(t.sessions().load("hook/new", 10).model, "big"); }));
}

TEST(Schema, KnowsTheEventsOfLayout3AndGivesNoneOfItsIdsAgain) {
  const test::TempFolder folder;
  const std::string path = folder / "a.db";
  SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec(test::read_file(test::data_path("unit/store/sqlite/layout3.sql")));
  const auto ledger = SqliteLedger::open({path});
  ASSERT_TRUE(ledger) << ledger.error().text.en;
  EXPECT_EQ((*ledger)->counts().inbox_open, 1);
  ASSERT_TRUE((*ledger)->write([](Transaction& transaction) {
    EXPECT_EQ(test::connection_of(transaction)
                  .database()
                  .execAndGet("PRAGMA integrity_check")
                  .getString(),
              "ok");
    for (const int64_t id : {1, 20000}) {
      const Event event = transaction.inbox().get(id)->event;
      const auto again = transaction.inbox().add(event);
      EXPECT_FALSE(again.is_new) << id;
      EXPECT_EQ(again.id, id);
    }
    EXPECT_EQ(transaction.inbox().draft(20000), "d-2");
    Event event = transaction.inbox().get(1)->event;
    event.event_id = "e4";
    EXPECT_EQ(transaction.inbox().add(event).id, 30001);
  }));
}

}  // namespace
}  // namespace ai_bot
