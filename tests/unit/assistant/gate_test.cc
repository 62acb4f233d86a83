#include "assistant/gate.h"

#include <gtest/gtest.h>

#include <vector>

namespace ai_bot {
namespace {

struct GateTest : testing::Test {
  Gate gate;
  std::vector<std::string> inside;
  std::vector<int> keys = std::vector<int>(10);

  void enter(int who, const std::string& group) {
    gate.enter(&keys[static_cast<size_t>(who)], group, 2,
               [this, who, group] { inside.push_back(group + std::to_string(who)); });
  }
};

TEST_F(GateTest, LetsInAsManyAsItHasRoomForAndThenOneForEachWhoLeaves) {
  for (int i = 0; i < 4; ++i) enter(i, "a");
  EXPECT_EQ(inside, (std::vector<std::string>{"a0", "a1"}));
  gate.leave();
  EXPECT_EQ(inside.back(), "a2");
  for (int i = 0; i < 3; ++i) gate.leave();
  EXPECT_EQ(inside.size(), 4u);
  enter(4, "a");
  EXPECT_EQ(inside.back(), "a4") << "all have left";
}

TEST_F(GateTest, GroupsTakeTurns) {
  for (int i = 0; i < 6; ++i) enter(i, "a");
  enter(6, "b");
  gate.leave();
  gate.leave();
  EXPECT_EQ(inside, (std::vector<std::string>{"a0", "a1", "a2", "b6"}));
}

TEST_F(GateTest, WhoGivesUpLeavesNoGap) {
  for (int i = 0; i < 4; ++i) enter(i, "a");
  EXPECT_TRUE(gate.give_up(&keys[2]));
  EXPECT_FALSE(gate.give_up(&keys[2]));
  EXPECT_FALSE(gate.give_up(&keys[0])) << "it is inside";
  gate.leave();
  EXPECT_EQ(inside, (std::vector<std::string>{"a0", "a1", "a3"}));
}

}  // namespace
}  // namespace ai_bot
