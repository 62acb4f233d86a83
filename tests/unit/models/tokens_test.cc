#include "models/tokens.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

TEST(EstimateTokens, CountsCjkByCharacterAndTheRestByThreeBytes) {
  EXPECT_EQ(estimate_tokens(""), 0);
  EXPECT_EQ(estimate_tokens("你好"), 2);
  EXPECT_EQ(estimate_tokens("abc"), 1);
  EXPECT_EQ(estimate_tokens("abcd"), 2);
  EXPECT_EQ(estimate_tokens("你好 abc"), 4);
}

}  // namespace
}  // namespace ai_bot
