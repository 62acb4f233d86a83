#include "gateway/refusals.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

using namespace std::chrono_literals;

TEST(Refusals, TheLogIsToldOnceInAWhileHoweverManyThereAre) {
  Refusals refusals;
  const SteadyTime begun(1h);
  EXPECT_TRUE(refusals.note({"a", "甲"}, begun));
  EXPECT_FALSE(refusals.note({"b", "乙"}, begun + 1s));
  refusals.accepted();
  EXPECT_FALSE(refusals.note({"a", "甲"}, begun + 2s)) << "between a stranger's and the platform's";
  EXPECT_TRUE(refusals.note({"a", "甲"}, begun + Refusals::kQuiet));
}

TEST(Refusals, OnlyThoseSinceTheLastThatWasAuthenticCount) {
  Refusals refusals;
  EXPECT_EQ(refusals.get().count, 0);
  refusals.note({"a", "甲"}, SteadyTime(1s));
  refusals.note({"b", "乙"}, SteadyTime(2s));
  EXPECT_EQ(refusals.get().count, 2);
  EXPECT_EQ(refusals.get().why.en, "b");
  refusals.accepted();
  EXPECT_EQ(refusals.get().count, 0);
}

}  // namespace
}  // namespace ai_bot
