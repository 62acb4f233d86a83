#include "store/outbox.h"

#include <gtest/gtest.h>

#include "store/inbox.h"
#include "support/database.h"

namespace ai_bot {
namespace {

class OutboxTest : public test::DatabaseTest {
 protected:
  OutboxTest() {
    for (const char* id : {"1", "2"}) inbox::add(db_, event(id));
  }

  static Event event(const std::string& id) {
    return {"hook", id, "c", "anna", "hi", "request-" + id, 1};
  }

  // The new row's id, 0 when there was one.
  int64_t add(int64_t inbox_id, outbox::Kind kind, bool held = false) {
    const int before = db_.database().getTotalChanges();
    outbox::add(db_, inbox_id, event(std::to_string(inbox_id)), kind,
                {"answer " + std::to_string(inbox_id)}, held);
    const bool added = db_.database().getTotalChanges() > before;
    return added ? db_.database().getLastInsertRowid() : 0;
  }
};

TEST_F(OutboxTest, AnEventHasOneAnswerAndOneNoticeAtMost) {
  const int64_t answer = add(1, outbox::Kind::kAnswer);
  EXPECT_GT(answer, 0);
  EXPECT_EQ(add(1, outbox::Kind::kAnswer), 0);
  EXPECT_GT(add(1, outbox::Kind::kNotice), 0);
  EXPECT_EQ(add(1, outbox::Kind::kNotice), 0);
  EXPECT_EQ(outbox::answer_to(db_, 1), "answer 1");
  EXPECT_FALSE(outbox::answer_to(db_, 2));
}

TEST_F(OutboxTest, EachReplyHasAnIdempotencyKeyOfItsOwnThatStays) {
  const int64_t first = add(1, outbox::Kind::kAnswer), second = add(2, outbox::Kind::kAnswer);
  const std::string key = outbox::get_open(db_, first)->reply.idempotency_key;
  EXPECT_EQ(key.size(), 32u);
  EXPECT_NE(key, outbox::get_open(db_, second)->reply.idempotency_key);
  outbox::postpone(db_, first, 77, "HTTP status 500");
  const auto entry = outbox::get_open(db_, first);
  EXPECT_EQ(entry->reply.idempotency_key, key);
  EXPECT_EQ(entry->attempts, 1);
  EXPECT_EQ(entry->next_ms, 77);
  EXPECT_EQ(entry->error, "HTTP status 500");
  EXPECT_EQ(entry->reply.text, "answer 1");
  EXPECT_EQ(entry->reply.request_id, "request-1");
}

TEST_F(OutboxTest, DeliveredAndHeldRepliesAreNotOpen) {
  const int64_t sent = add(1, outbox::Kind::kAnswer);
  add(2, outbox::Kind::kAnswer, /*held=*/true);
  EXPECT_EQ(outbox::open_after(db_, 0, 10).size(), 1u);
  EXPECT_EQ(outbox::open_of(db_, 1).size(), 1u);
  outbox::delivered(db_, sent);
  EXPECT_FALSE(outbox::get_open(db_, sent));
  EXPECT_EQ(outbox::count(db_).open, 0);
  EXPECT_EQ(outbox::answer_to(db_, 2), "answer 2");
}

TEST_F(OutboxTest, ALongAnswerHasPartsInOrderAndItsFirstOneReplacesTheDraft) {
  Event asked = event("1");
  asked.address = R"({"chat":1})";
  inbox::set_draft(db_, 1, "m7");
  outbox::add(db_, 1, asked, outbox::Kind::kAnswer, {"one", "two"}, false);
  outbox::add(db_, 1, asked, outbox::Kind::kAnswer, {"another", "one", "more"}, false);
  std::vector<outbox::Entry> parts;
  for (const outbox::Open& open : outbox::open_of(db_, 1))
    parts.push_back(*outbox::get_open(db_, open.id));
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].reply.text, "one");
  EXPECT_EQ(parts[0].reply.draft, "m7");
  EXPECT_EQ(parts[1].reply.part, 1);
  EXPECT_EQ(parts[1].reply.draft, "");
  EXPECT_NE(parts[0].reply.idempotency_key, parts[1].reply.idempotency_key);
}

TEST_F(OutboxTest, DeadRepliesAreListedAndReplayed) {
  const int64_t id = add(1, outbox::Kind::kAnswer);
  outbox::bury(db_, id, "HTTP status 404");
  EXPECT_EQ(outbox::count(db_).dead, 1);
  ASSERT_EQ(outbox::dead(db_, 10).size(), 1u);
  EXPECT_EQ(outbox::dead(db_, 10)[0].error, "HTTP status 404");
  EXPECT_EQ(outbox::replay(db_), 1);
  EXPECT_TRUE(outbox::get_open(db_, id));
}

TEST_F(OutboxTest, DoneAndAnswerCommitTogetherOrNotAtAll) {
  const auto failed = store_->write([](Connection& c) {
    inbox::finish(c, 1);
    outbox::add(c, 1, event("1"), outbox::Kind::kAnswer, {"a"}, false);
    c.database().exec("INSERT INTO no_such_table VALUES (1)");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(inbox::get(db_, 1)->state, inbox::State::kOpen);
  EXPECT_FALSE(outbox::answer_to(db_, 1));
}

}  // namespace
}  // namespace ai_bot
