#include "gateway/waiters.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ai_bot {
namespace {

TEST(Waiters, HearTheAnswerOnce) {
  Waiters waiters;
  std::vector<std::string> heard;
  waiters.wait(7, [&](const Waiters::Answer& answer) { heard.push_back("a " + answer.text); });
  waiters.wait(7, [&](const Waiters::Answer& answer) { heard.push_back("b " + answer.text); });
  waiters.wait(8, [&](const Waiters::Answer& answer) { heard.push_back("c " + answer.text); });
  waiters.answered(7, {"yes"});
  waiters.answered(7, {"again"});
  std::sort(heard.begin(), heard.end());
  EXPECT_EQ(heard, (std::vector<std::string>{"a yes", "b yes"}));
}

TEST(Waiters, WhoLeftHearsNothing) {
  Waiters waiters;
  int heard = 0;
  const int64_t ticket = waiters.wait(7, [&](const Waiters::Answer&) { ++heard; });
  EXPECT_TRUE(waiters.leave(7, ticket));
  EXPECT_FALSE(waiters.leave(7, ticket));
  waiters.answered(7, {"yes"});
  EXPECT_EQ(heard, 0);
}

TEST(Waiters, WhoWasAnsweredCanNoLongerLeave) {
  Waiters waiters;
  const int64_t ticket = waiters.wait(7, [](const Waiters::Answer&) {});
  waiters.answered(7, {"yes"});
  EXPECT_FALSE(waiters.leave(7, ticket));
}

}  // namespace
}  // namespace ai_bot
