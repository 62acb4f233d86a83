#include "store/schema.h"

#include <gtest/gtest.h>

#include "store/inbox.h"
#include "store/outbox.h"
#include "store/retention.h"
#include "store/sessions.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

TEST(Schema, TakesADatabaseOfLayout1OverWithAllThatIsInIt) {
  const test::TempFolder folder;
  const std::string path = folder / "a.db";
  SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec(test::read_file(test::data_path("unit/store/layout1.sql")));
  const auto store = Store::open({path});
  ASSERT_TRUE(store) << store.error().text.en;
  ASSERT_TRUE((*store)->write([](Connection& connection) {
    const auto replies = outbox::open_after(connection, 0, 10);
    ASSERT_EQ(replies.size(), 1u);
    EXPECT_EQ(replies[0].id, 7);
    const auto reply = outbox::get_open(connection, 7);
    EXPECT_EQ(reply->reply.idempotency_key, "key-7");
    EXPECT_EQ(reply->reply.text, "hello");
    EXPECT_EQ(reply->reply.part, 0);
    EXPECT_EQ(reply->attempts, 3);
    const auto entries = inbox::open_after(connection, 0, 10);
    ASSERT_EQ(entries.size(), 1u);
    const auto entry = inbox::get(connection, entries[0].id);
    EXPECT_EQ(entry->event.event_id, "e2");
    EXPECT_TRUE(entry->event.attachments.empty());
    EXPECT_EQ(inbox::draft(connection, 2), "");
  }));
  // And goes on in the new layout.
  EXPECT_TRUE((*store)->write([](Connection& connection) {
    Event event = inbox::get(connection, 2)->event;
    outbox::add(connection, 2, event, outbox::Kind::kAnswer, {"one", "two"}, false);
  }));
}

TEST(Schema, AModelThatWasChosenBeforeSessionsHadATimeStaysChosen) {
  const test::TempFolder folder;
  const std::string path = folder / "a.db";
  {
    SQLite::Database old(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    old.exec(test::read_file(test::data_path("unit/store/layout1.sql")));
    old.exec("INSERT INTO session (key, model) VALUES ('hook/new', 'big')");
  }
  const auto store = Store::open({path});
  ASSERT_TRUE(store) << store.error().text.en;
  Retention retention({std::chrono::hours(1), std::chrono::hours(24)});
  for (bool is_more = true; is_more;)
    ASSERT_TRUE((*store)->write([&](Connection& c) { is_more = retention.step(c); }));
  EXPECT_TRUE((*store)->write(
      [](Connection& c) { EXPECT_EQ(sessions::load(c, "hook/new", 10).model, "big"); }));
}

TEST(Schema, KnowsTheEventsOfLayout3AndGivesNoneOfItsIdsAgain) {
  const test::TempFolder folder;
  const std::string path = folder / "a.db";
  SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec(test::read_file(test::data_path("unit/store/layout3.sql")));
  const auto store = Store::open({path});
  ASSERT_TRUE(store) << store.error().text.en;
  EXPECT_EQ((*store)->counts().inbox_open, 1);
  ASSERT_TRUE((*store)->write([](Connection& connection) {
    EXPECT_EQ(connection.database().execAndGet("PRAGMA integrity_check").getString(), "ok");
    for (const int64_t id : {1, 20000}) {
      const Event event = inbox::get(connection, id)->event;
      const auto again = inbox::add(connection, event);
      EXPECT_FALSE(again.is_new) << id;
      EXPECT_EQ(again.id, id);
    }
    EXPECT_EQ(inbox::draft(connection, 20000), "d-2");
    Event event = inbox::get(connection, 1)->event;
    event.event_id = "e4";
    EXPECT_EQ(inbox::add(connection, event).id, 30001);
  }));
}

}  // namespace
}  // namespace ai_bot
