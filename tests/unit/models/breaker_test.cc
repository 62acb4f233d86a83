#include "models/breaker.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

using State = Breaker::State;

class BreakerTest : public testing::Test {
 protected:
  BreakerTest() {
    config_.failures = 3;
    config_.window = 10s;
    config_.open_for = 5s;
    config_.half_open_trials = 2;
  }
  void fail_times(Breaker& breaker, int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(breaker.allow(now_));
      breaker.failure(now_);
    }
  }
  BreakerConfig config_;
  SteadyTime now_ = SteadyTime() + std::chrono::hours(1);
};

TEST_F(BreakerTest, OpensAfterEnoughFailuresWithinTheWindow) {
  Breaker breaker(config_);
  fail_times(breaker, 2);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  fail_times(breaker, 1);
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  EXPECT_FALSE(breaker.allow(now_));
}

TEST_F(BreakerTest, ForgetsOldFailuresAndThoseBeforeASuccess) {
  Breaker breaker(config_);
  fail_times(breaker, 2);
  now_ += 11s;
  fail_times(breaker, 2);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  breaker.success();
  fail_times(breaker, 2);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
}

TEST_F(BreakerTest, LetsOneTrialThroughAtATimeAndClosesAfterEnoughGoodOnes) {
  Breaker breaker(config_);
  fail_times(breaker, 3);
  now_ += 5s;
  EXPECT_EQ(breaker.state(now_), State::kHalfOpen);
  EXPECT_TRUE(breaker.allow(now_));
  EXPECT_FALSE(breaker.allow(now_));
  breaker.success();
  EXPECT_EQ(breaker.state(now_), State::kHalfOpen);
  EXPECT_TRUE(breaker.allow(now_));
  breaker.success();
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  EXPECT_TRUE(breaker.allow(now_));
}

TEST_F(BreakerTest, AFailedTrialOpensItAgain) {
  Breaker breaker(config_);
  fail_times(breaker, 3);
  now_ += 5s;
  EXPECT_TRUE(breaker.allow(now_));
  breaker.failure(now_);
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  EXPECT_FALSE(breaker.allow(now_ + 4s));
  EXPECT_TRUE(breaker.allow(now_ + 5s));
}

TEST_F(BreakerTest, ATrialThatSaysNothingFreesItsPlace) {
  Breaker breaker(config_);
  fail_times(breaker, 3);
  now_ += 5s;
  EXPECT_TRUE(breaker.allow(now_));
  breaker.neither();
  EXPECT_TRUE(breaker.allow(now_));
}

}  // namespace
}  // namespace ai_bot
