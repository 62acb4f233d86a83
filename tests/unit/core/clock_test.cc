#include "core/clock.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

TEST(Backoff, DoublesWithHalfOfItRandom) {
  for (int attempt = 0; attempt < 6; ++attempt) {
    const int64_t full = 100LL << attempt;
    for (int i = 0; i < 50; ++i) {
      const int64_t wait = backoff(attempt, milliseconds(100), milliseconds(100000)).count();
      EXPECT_GE(wait, full / 2);
      EXPECT_LE(wait, full);
    }
  }
}

TEST(Backoff, NeverExceedsTheMost) {
  for (const int attempt : {10, 31, 1000000}) {
    EXPECT_LE(backoff(attempt, milliseconds(500), milliseconds(60000)).count(), 60000);
    EXPECT_GE(backoff(attempt, milliseconds(500), milliseconds(60000)).count(), 30000);
  }
}

TEST(Backoff, IsJittered) {
  const auto first = backoff(5, milliseconds(1000), milliseconds(600000));
  bool differs = false;
  for (int i = 0; i < 20; ++i)
    differs |= backoff(5, milliseconds(1000), milliseconds(600000)) != first;
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace ai_bot
