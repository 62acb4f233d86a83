#include <algorithm>

#include "support/ledgers.h"

namespace ai_bot {
namespace {

class SessionsTest : public test::LedgerTest {};

TEST_P(SessionsTest, RemembersTurnsInOrderAndEachConversationItsOwn) {
  sessions().append("hook/a", "q1", "a1");
  sessions().append("hook/b", "other", "secret");
  sessions().append("hook/a", "q2", "a2");
  EXPECT_EQ(
      sessions().load("hook/a", 100).messages,
      (ChatMessages{{"user", "q1"}, {"assistant", "a1"}, {"user", "q2"}, {"assistant", "a2"}}));
  EXPECT_EQ(sessions().load("hook/a", 2).messages,
            (ChatMessages{{"user", "q2"}, {"assistant", "a2"}}));
  EXPECT_TRUE(sessions().load("hook/c", 100).messages.empty());
}

TEST_P(SessionsTest, TheFirstMessageReadStaysForManyTurns) {
  std::string first;
  int changes = 0;
  for (int turn = 0; turn < 60; ++turn) {
    sessions().append("a", "q" + std::to_string(turn), "a");
    const ChatMessages messages = sessions().load("a", 20).messages;
    const auto all = static_cast<size_t>(2 * (turn + 1));
    EXPECT_LE(messages.size(), 20u);
    EXPECT_GE(messages.size(), std::min<size_t>(all, 12));
    EXPECT_EQ(messages.front().role, "user");
    EXPECT_EQ(messages[messages.size() - 2].content, "q" + std::to_string(turn)) << "the newest";
    if (messages.front().content == first) continue;
    first = messages.front().content;
    ++changes;
  }
  EXPECT_EQ(changes, 11);  // with the eleventh turn, and from then on each fifth
}

TEST_P(SessionsTest, NewForgetsWhatWasBefore) {
  sessions().append("a", "q1", "a1");
  sessions().begin_anew("a");
  EXPECT_TRUE(sessions().load("a", 100).messages.empty());
  sessions().append("a", "q2", "a2");
  EXPECT_EQ(sessions().load("a", 100).messages.size(), 2u);
}

TEST_P(SessionsTest, RemembersTheChosenModelAcrossNew) {
  sessions().choose_model("a", "large");
  sessions().begin_anew("a");
  EXPECT_EQ(sessions().load("a", 100).model, "large");
  sessions().choose_model("a", "small");
  EXPECT_EQ(sessions().load("a", 100).model, "small");
  EXPECT_EQ(sessions().load("b", 100).model, "");
}

FOR_EACH_LEDGER(SessionsTest);

}  // namespace
}  // namespace ai_bot
