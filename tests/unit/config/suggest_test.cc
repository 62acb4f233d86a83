#include "config/suggest.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

TEST(Nearest, FindsASlipAndNothingFarOff) {
  const std::vector<std::string> keys = {"server", "models", "storage", "log"};
  EXPECT_EQ(nearest("sever", keys), "server");
  EXPECT_EQ(nearest("model", keys), "models");
  EXPECT_EQ(nearest("storrage", keys), "storage");
  EXPECT_EQ(nearest("lgo", keys), "log");
  EXPECT_EQ(nearest("lag", keys), "log");
  EXPECT_EQ(nearest("banana", keys), "");
  EXPECT_EQ(nearest("", keys), "");
}

}  // namespace
}  // namespace ai_bot
