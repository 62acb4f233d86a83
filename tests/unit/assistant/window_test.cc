#include "assistant/window.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

// A token a character.
int characters(const std::string& text) { return static_cast<int>(text.size()); }

ChatMessages turns(int count) {
  ChatMessages history;
  for (int i = 1; i <= count; ++i) {
    history.push_back({"user", "q" + std::to_string(i)});
    history.push_back({"assistant", "a" + std::to_string(i)});
  }
  return history;
}

constexpr int kTurn = 2 * (2 + kTokensAroundMessage);
constexpr int kFixed = 3 + kTokensAroundMessage + 2 + kTokensAroundMessage;  // "sys" and "q?"

ChatMessages window(const ChatMessages& history, int context, int answer = 0) {
  return fit_window("sys", history, "q?", context, answer, characters);
}

TEST(Window, HoldsEverythingThatFits) {
  const auto all = window(turns(3), kFixed + 3 * kTurn);
  ASSERT_EQ(all.size(), 8u);
  EXPECT_EQ(all.front(), (ChatMessage{"system", "sys"}));
  EXPECT_EQ(all.back(), (ChatMessage{"user", "q?"}));
}

TEST(Window, DropsWholeTurnsOldestFirst) {
  const auto two = window(turns(3), kFixed + 3 * kTurn - 1);
  ASSERT_EQ(two.size(), 6u);
  EXPECT_EQ(two[1], (ChatMessage{"user", "q2"}));
  EXPECT_EQ(two[4], (ChatMessage{"assistant", "a3"}));
}

TEST(Window, LeavesRoomForTheAnswer) {
  EXPECT_EQ(window(turns(3), kFixed + 3 * kTurn, 2 * kTurn).size(), 4u);
}

TEST(Window, NeverDropsTheSystemPromptOrTheQuestion) {
  EXPECT_EQ(window(turns(3), 1), (ChatMessages{{"system", "sys"}, {"user", "q?"}}));
}

TEST(Window, DoesNotBeginInTheMiddleOfATurn) {
  ChatMessages history = turns(2);
  history.erase(history.begin());  // cut by assistant.history_messages
  const auto got = window(history, 10000);
  EXPECT_EQ(got[1], (ChatMessage{"user", "q2"}));
}

}  // namespace
}  // namespace ai_bot
