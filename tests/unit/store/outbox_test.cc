#include "support/ledgers.h"

namespace ai_bot {
namespace {

class OutboxTest : public test::LedgerTest {
 protected:
  OutboxTest() {
    for (const char* id : {"1", "2"}) inbox().add(event(id));
  }

  static Event event(const std::string& id) {
    return {"hook", id, "c", "anna", "hi", "request-" + id, 1};
  }

  // The new reply's id, 0 when there was one.
  int64_t add(int64_t inbox_id, Outbox::Kind kind, bool held = false) {
    const auto before = outbox().open_after(0, 100).size();
    outbox().add(inbox_id, event(std::to_string(inbox_id)), kind,
                 {"answer " + std::to_string(inbox_id)}, held);
    const auto open = outbox().open_after(0, 100);
    return open.size() > before ? open.back().id : 0;
  }
};

TEST_P(OutboxTest, AnEventHasOneAnswerAndOneNoticeAtMost) {
  const int64_t answer = add(1, Outbox::Kind::kAnswer);
  EXPECT_GT(answer, 0);
  EXPECT_EQ(add(1, Outbox::Kind::kAnswer), 0);
  EXPECT_GT(add(1, Outbox::Kind::kNotice), 0);
  EXPECT_EQ(add(1, Outbox::Kind::kNotice), 0);
  EXPECT_EQ(outbox().answer_to(1), "answer 1");
  EXPECT_FALSE(outbox().answer_to(2));
}

TEST_P(OutboxTest, EachReplyHasAnIdempotencyKeyOfItsOwnThatStays) {
  const int64_t first = add(1, Outbox::Kind::kAnswer), second = add(2, Outbox::Kind::kAnswer);
  const std::string key = outbox().get_open(first)->reply.idempotency_key;
  EXPECT_EQ(key.size(), 32u);
  EXPECT_NE(key, outbox().get_open(second)->reply.idempotency_key);
  outbox().postpone(first, 77, "HTTP status 500");
  const auto entry = outbox().get_open(first);
  EXPECT_EQ(entry->reply.idempotency_key, key);
  EXPECT_EQ(entry->attempts, 1);
  EXPECT_EQ(entry->next_ms, 77);
  EXPECT_EQ(entry->error, "HTTP status 500");
  EXPECT_EQ(entry->reply.text, "answer 1");
  EXPECT_EQ(entry->reply.request_id, "request-1");
}

TEST_P(OutboxTest, DeliveredAndHeldRepliesAreNotOpen) {
  const int64_t sent = add(1, Outbox::Kind::kAnswer);
  add(2, Outbox::Kind::kAnswer, /*held=*/true);
  EXPECT_EQ(outbox().open_after(0, 10).size(), 1u);
  EXPECT_EQ(outbox().open_of(1).size(), 1u);
  outbox().delivered(sent);
  EXPECT_FALSE(outbox().get_open(sent));
  EXPECT_EQ(outbox().count().open, 0);
  EXPECT_EQ(outbox().answer_to(2), "answer 2");
}

TEST_P(OutboxTest, ALongAnswerHasPartsInOrderAndItsFirstOneReplacesTheDraft) {
  Event asked = event("1");
  asked.address = R"({"chat":1})";
  inbox().set_draft(1, "m7");
  outbox().add(1, asked, Outbox::Kind::kAnswer, {"one", "two"}, false);
  outbox().add(1, asked, Outbox::Kind::kAnswer, {"another", "one", "more"}, false);
  std::vector<Outbox::Entry> parts;
  for (const Outbox::Open& open : outbox().open_of(1)) parts.push_back(*outbox().get_open(open.id));
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].reply.text, "one");
  EXPECT_EQ(parts[0].reply.draft, "m7");
  EXPECT_EQ(parts[1].reply.part, 1);
  EXPECT_EQ(parts[1].reply.draft, "");
  EXPECT_NE(parts[0].reply.idempotency_key, parts[1].reply.idempotency_key);
}

TEST_P(OutboxTest, DeadRepliesAreListedAndReplayed) {
  const int64_t id = add(1, Outbox::Kind::kAnswer);
  outbox().bury(id, "HTTP status 404");
  EXPECT_EQ(outbox().count().dead, 1);
  ASSERT_EQ(outbox().dead(10).size(), 1u);
  EXPECT_EQ(outbox().dead(10)[0].error, "HTTP status 404");
  EXPECT_EQ(outbox().replay(), 1);
  EXPECT_TRUE(outbox().get_open(id));
}

TEST_P(OutboxTest, DoneAndAnswerCommitTogetherOrNotAtAll) {
  const auto failed = ledger_->write([](Transaction& t) {
    t.inbox().finish(1);
    t.outbox().add(1, event("1"), Outbox::Kind::kAnswer, {"a"}, false);
    throw std::runtime_error("before the end");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(inbox().get(1)->state, Inbox::State::kOpen);
  EXPECT_FALSE(outbox().answer_to(1));
}

FOR_EACH_LEDGER(OutboxTest);

}  // namespace
}  // namespace ai_bot
