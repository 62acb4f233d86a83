#include "store/inbox.h"

#include <gtest/gtest.h>

#include "store/outbox.h"
#include "support/database.h"

namespace ai_bot {
namespace {

class InboxTest : public test::DatabaseTest {
 protected:
  Event event(const std::string& id, const std::string& conversation = "c",
              int64_t received = 1000) {
    return {"hook", id, conversation, "anna", "你好", "request-1", received};
  }
};

TEST_F(InboxTest, GivesBackTheWholeEvent) {
  const auto added = inbox::add(db_, event("1"));
  EXPECT_TRUE(added.is_new);
  const auto entry = inbox::get(db_, added.id);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->event.channel, "hook");
  EXPECT_EQ(entry->event.event_id, "1");
  EXPECT_EQ(entry->event.conversation, "c");
  EXPECT_EQ(entry->event.sender, "anna");
  EXPECT_EQ(entry->event.text, "你好");
  EXPECT_EQ(entry->event.request_id, "request-1");
  EXPECT_EQ(entry->event.received_ms, 1000);
  EXPECT_EQ(entry->state, inbox::State::kOpen);
  EXPECT_FALSE(inbox::get(db_, added.id + 1));
}

TEST_F(InboxTest, KnowsADuplicateByChannelAndEventId) {
  const auto first = inbox::add(db_, event("1"));
  const auto again = inbox::add(db_, event("1", "another conversation"));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.id, first.id);
  Event elsewhere = event("1");
  elsewhere.channel = "other";
  EXPECT_TRUE(inbox::add(db_, elsewhere).is_new);
  // Also after it was answered.
  inbox::finish(db_, first.id);
  EXPECT_FALSE(inbox::add(db_, event("1")).is_new);
}

TEST_F(InboxTest, ListsWhatIsOpenInOrderOfArrival) {
  for (const char* id : {"1", "2", "3", "4"}) inbox::add(db_, event(id));
  inbox::finish(db_, 2);
  inbox::postpone(db_, 3, 99, "no model");
  const auto open = inbox::open_after(db_, 0, 2);
  ASSERT_EQ(open.size(), 2u);
  EXPECT_EQ(open[0].id, 1);
  EXPECT_EQ(open[0].lane, "hook/c");
  EXPECT_EQ(open[1].id, 3);
  EXPECT_EQ(open[1].next_ms, 99);
  EXPECT_EQ(inbox::open_after(db_, 3, 10).size(), 1u);
  EXPECT_EQ(inbox::get(db_, 3)->attempts, 1);
  EXPECT_EQ(inbox::get(db_, 3)->error, "no model");
}

TEST_F(InboxTest, DeadEntriesAreListedCountedAndReplayed) {
  inbox::add(db_, event("1"));
  inbox::add(db_, event("2"));
  inbox::bury(db_, 1, "all models failed");
  EXPECT_EQ(inbox::count(db_).open, 1);
  EXPECT_EQ(inbox::count(db_).dead, 1);
  ASSERT_EQ(inbox::dead(db_, 10).size(), 1u);
  EXPECT_EQ(inbox::dead(db_, 10)[0].error, "all models failed");
  EXPECT_EQ(inbox::replay(db_), 1);
  EXPECT_EQ(inbox::count(db_).open, 2);
  EXPECT_EQ(inbox::get(db_, 1)->attempts, 0);
}

TEST_F(InboxTest, TextsAreParametersNeverSql) {
  Event hostile = event("'); DROP TABLE inbox; --");
  hostile.text = std::string("a\0b", 3);
  inbox::add(db_, hostile);
  EXPECT_EQ(inbox::get(db_, 1)->event.event_id, hostile.event_id);
  EXPECT_EQ(inbox::get(db_, 1)->event.text, hostile.text);
}

}  // namespace
}  // namespace ai_bot
