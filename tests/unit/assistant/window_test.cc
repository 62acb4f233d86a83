#include "assistant/window.h"

#include <gtest/gtest.h>

#include <random>

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

TEST(Window, DropsABlockOfWholeTurnsOldestFirst) {
  const auto one = window(turns(3), kFixed + 3 * kTurn - 1);
  ASSERT_EQ(one.size(), 4u);
  EXPECT_EQ(one[1], (ChatMessage{"user", "q3"}));
  EXPECT_EQ(one[2], (ChatMessage{"assistant", "a3"}));
}

int cost_of(const ChatMessages& window) {
  int cost = 0;
  for (const ChatMessage& message : window)
    cost += characters(message.content) + kTokensAroundMessage;
  return cost;
}

TEST(Window, BeginsWithTheSameMessagesForManyTurns) {
  constexpr int kContext = 1000, kAnswer = 100;
  ChatMessages history, before;
  int changes = 0;
  for (int turn = 1; turn <= 60; ++turn) {
    const std::string question = "question " + std::to_string(turn);
    const ChatMessages now = fit_window("sys", history, question, kContext, kAnswer, characters);
    EXPECT_LE(cost_of(now) + kAnswer, kContext);
    if (turn > 1 && now[1] != before[1]) {
      ++changes;
    } else if (turn > 1) {
      EXPECT_EQ(ChatMessages(now.begin(), now.begin() + static_cast<long>(before.size())), before)
          << "the former window is the beginning of this one";
    }
    before = now;
    history.push_back({"user", question});
    history.push_back({"assistant", "answer number " + std::to_string(turn)});
  }
  EXPECT_GE(changes, 4);
  EXPECT_LE(changes, 8);  // of 60; each turn takes about a twentieth of the window
}

TEST(Window, NeverExceedsTheContext) {
  std::mt19937 random(7);
  const auto up_to = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  for (int round = 0; round < 2000; ++round) {
    ChatMessages history;
    for (int i = up_to(40); i > 0; --i) {
      history.push_back({i % 2 == 0 ? "user" : "assistant",
                         std::string(static_cast<size_t>(up_to(1 << up_to(9))), 'x')});
    }
    const std::string question(static_cast<size_t>(up_to(300)), 'q');
    const int context = 330 + up_to(1000), answer = up_to(context / 2);
    const ChatMessages got = fit_window("sys", history, question, context, answer, characters);
    if (got.size() > 2) {
      EXPECT_LE(cost_of(got) + answer, context);
      EXPECT_EQ(got[1].role, "user");
    }
    EXPECT_EQ(got.back().content, question);
  }
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
