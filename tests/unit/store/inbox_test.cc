#include "support/ledgers.h"

namespace ai_bot {
namespace {

class InboxTest : public test::LedgerTest {
 protected:
  Event event(const std::string& id, const std::string& conversation = "c",
              int64_t received = 1000) {
    return {"hook", id, conversation, "anna", "你好", "request-1", received};
  }
};

TEST_P(InboxTest, GivesBackTheWholeEvent) {
  const auto added = inbox().add(event("1"));
  EXPECT_TRUE(added.is_new);
  const auto entry = inbox().get(added.id);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->event.channel, "hook");
  EXPECT_EQ(entry->event.event_id, "1");
  EXPECT_EQ(entry->event.conversation, "c");
  EXPECT_EQ(entry->event.sender, "anna");
  EXPECT_EQ(entry->event.text, "你好");
  EXPECT_EQ(entry->event.request_id, "request-1");
  EXPECT_EQ(entry->event.received_ms, 1000);
  EXPECT_EQ(entry->state, Inbox::State::kOpen);
  EXPECT_FALSE(inbox().get(added.id + 1));
}

TEST_P(InboxTest, KnowsADuplicateByChannelAndEventId) {
  const auto first = inbox().add(event("1"));
  const auto again = inbox().add(event("1", "another conversation"));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.id, first.id);
  Event elsewhere = event("1");
  elsewhere.channel = "other";
  EXPECT_TRUE(inbox().add(elsewhere).is_new);
  // Also after it was answered.
  inbox().finish(first.id);
  EXPECT_FALSE(inbox().add(event("1")).is_new);
}

TEST_P(InboxTest, ListsWhatIsOpenInOrderOfArrival) {
  for (const char* id : {"1", "2", "3", "4"}) inbox().add(event(id));
  inbox().finish(2);
  inbox().postpone(3, 99, "no model");
  const auto open = inbox().open_after(0, 2);
  ASSERT_EQ(open.size(), 2u);
  EXPECT_EQ(open[0].id, 1);
  EXPECT_EQ(open[0].lane, "hook/c");
  EXPECT_EQ(open[1].id, 3);
  EXPECT_EQ(open[1].next_ms, 99);
  EXPECT_EQ(inbox().open_after(3, 10).size(), 1u);
  EXPECT_EQ(inbox().get(3)->attempts, 1);
  EXPECT_EQ(inbox().get(3)->error, "no model");
}

TEST_P(InboxTest, DeadEntriesAreListedCountedAndReplayed) {
  inbox().add(event("1"));
  inbox().add(event("2"));
  inbox().bury(1, "all models failed");
  EXPECT_EQ(inbox().count().open, 1);
  EXPECT_EQ(inbox().count().dead, 1);
  ASSERT_EQ(inbox().dead(10).size(), 1u);
  EXPECT_EQ(inbox().dead(10)[0].error, "all models failed");
  EXPECT_EQ(inbox().replay(), 1);
  EXPECT_EQ(inbox().count().open, 2);
  EXPECT_EQ(inbox().get(1)->attempts, 0);
}

TEST_P(InboxTest, ThePartsOfAnAlbumAreOneEntry) {
  const auto part = [&](const std::string& id, const std::string& text, int64_t received) {
    Event one = event(id, "c", received);
    one.text = text;
    one.album = "a1";
    one.attachments = {{"file-" + id, "", "image", 9}};
    return one;
  };
  const auto first = inbox().add(part("1", "which is newer?\n[image: image]", 1000));
  EXPECT_TRUE(first.is_new);
  EXPECT_EQ(first.next_ms, 1000 + Event().album_ms) << "until then the others may come";
  EXPECT_EQ(inbox().open_after(0, 9).front().next_ms, first.next_ms);
  Event rest = part("2", "[image: image]", 1400);
  rest.only_joins = true;
  for (int times = 0; times < 2; ++times) {  // told again
    const auto second = inbox().add(rest);
    EXPECT_FALSE(second.is_new);
    EXPECT_EQ(second.id, first.id);
  }
  const Event whole = inbox().get(first.id)->event;
  EXPECT_EQ(whole.text, "which is newer?\n[image: image]\n[image: image]");
  EXPECT_EQ(whole.attachments.size(), 2u);

  EXPECT_TRUE(inbox().add(part("3", "late", 2000)).is_new) << "the first is being answered";
  EXPECT_FALSE(inbox().add(part("3", "late", 2100)).is_new);
  Event elsewhere = part("4", "hi", 1500);
  elsewhere.conversation = "another";
  EXPECT_TRUE(inbox().add(elsewhere).is_new);
  Event alone = part("5", "[image: image]", 1500);
  alone.album = "a2";
  alone.only_joins = true;
  EXPECT_EQ(inbox().add(alone).id, 0) << "nobody asked the bot";
}

TEST_P(InboxTest, APartThatIsToldTwiceIsOneWithAllThatWasTold) {
  // Slack tells of a mention twice, once without its files; in any order.
  Event mention = event("1", "c", 1000);
  mention.text = "read it";
  mention.album = "a1";
  Event message = mention;
  message.text = "read it\n[file: notes.txt]";
  message.attachments = {{"file-1", "notes.txt", "file", 9}};
  for (const auto& order : {std::vector{mention, message}, std::vector{message, mention}}) {
    std::vector<int64_t> ids;
    for (Event told : order) {
      told.conversation = told.album = order.front().text;
      ids.push_back(inbox().add(told).id);
    }
    EXPECT_EQ(ids.front(), ids.back());
    EXPECT_EQ(inbox().get(ids.front())->event.text, message.text);
    EXPECT_EQ(inbox().get(ids.front())->event.attachments, message.attachments);
  }
}

TEST_P(InboxTest, AnEditOfAnAlbumIsOneOfItsOwn) {
  Event first = event("1", "c", 1000);
  first.album = "a1";
  EXPECT_TRUE(inbox().add(first).is_new);
  Event changed = first;
  changed.event_id = "1/e1";
  changed.edits = "1";
  EXPECT_EQ(inbox().add(changed).id, 0) << "it says the same";
  changed.text = "new";
  EXPECT_TRUE(inbox().add(changed).is_new);
  EXPECT_EQ(inbox().get(1)->event.text, first.text);
}

TEST_P(InboxTest, AnEditCountsWhereItsMessageWasTakenInAndSaidSomethingElse) {
  const auto edit = [&](const std::string& id, const std::string& text) {
    Event changed = event(id);
    changed.edits = "1";
    changed.text = text;
    return changed;
  };
  EXPECT_EQ(inbox().add(edit("1/e1", "new")).id, 0) << "the message is not here";
  inbox().add(event("1"));
  EXPECT_EQ(inbox().add(edit("1/e1", "你好")).id, 0) << "it says the same";
  EXPECT_TRUE(inbox().add(edit("1/e2", "new")).is_new);
  EXPECT_FALSE(inbox().add(edit("1/e2", "new")).is_new);
  EXPECT_EQ(inbox().count().open, 2);
}

TEST_P(InboxTest, TextsAreParametersNeverSql) {
  Event hostile = event("'); DROP TABLE inbox; --");
  hostile.text = std::string("a\0b", 3);
  inbox().add(hostile);
  EXPECT_EQ(inbox().get(1)->event.event_id, hostile.event_id);
  EXPECT_EQ(inbox().get(1)->event.text, hostile.text);
}

FOR_EACH_LEDGER(InboxTest);

}  // namespace
}  // namespace ai_bot
