#include "core/disk.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

TEST(MayExist, SaysNoOnlyWhereNothingIs) {
  EXPECT_TRUE(may_exist("/tmp"));
  EXPECT_FALSE(may_exist("/no/such/place"));
  EXPECT_FALSE(may_exist("/etc/passwd/below")) << "below a file";
}

TEST(FreeDisk, IsKnownForAPathThatExists) {
  EXPECT_GT(free_disk("/tmp"), 0);
  EXPECT_EQ(free_disk("/no/such/place"), -1);
}

}  // namespace
}  // namespace ai_bot
