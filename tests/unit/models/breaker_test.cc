#include "models/breaker.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

using State = Breaker::State;
using Ticket = std::optional<Breaker::Ticket>;

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
      Ticket ticket = breaker.allow(now_);
      ASSERT_TRUE(ticket);
      ticket->failure(now_);
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
  breaker.allow(now_)->success();
  fail_times(breaker, 2);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
}

TEST_F(BreakerTest, LetsOneTrialThroughAtATimeAndClosesAfterEnoughGoodOnes) {
  Breaker breaker(config_);
  fail_times(breaker, 3);
  now_ += 5s;
  EXPECT_EQ(breaker.state(now_), State::kHalfOpen);
  Ticket trial = breaker.allow(now_);
  ASSERT_TRUE(trial);
  EXPECT_FALSE(breaker.allow(now_));
  trial->success();
  EXPECT_EQ(breaker.state(now_), State::kHalfOpen);
  trial = breaker.allow(now_);
  ASSERT_TRUE(trial);
  trial->success();
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  EXPECT_TRUE(breaker.allow(now_));
}

TEST_F(BreakerTest, AFailedTrialOpensItAgain) {
  Breaker breaker(config_);
  fail_times(breaker, 3);
  now_ += 5s;
  breaker.allow(now_)->failure(now_);
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  EXPECT_FALSE(breaker.allow(now_ + 4s));
  EXPECT_TRUE(breaker.allow(now_ + 5s));
}

TEST_F(BreakerTest, ATrialThatSaysNothingFreesItsPlace) {
  Breaker breaker(config_);
  fail_times(breaker, 3);
  now_ += 5s;
  EXPECT_TRUE(breaker.allow(now_));  // dropped at once
  Ticket trial = breaker.allow(now_);
  ASSERT_TRUE(trial);
  const Ticket moved = std::move(trial);
  trial.reset();
  EXPECT_FALSE(breaker.allow(now_)) << "the place went with it";
}

TEST_F(BreakerTest, WhatBeganBeforeItOpenedIsNoTrial) {
  Breaker breaker(config_);
  Ticket late_success = breaker.allow(now_), late_failure = breaker.allow(now_),
         late_nothing = breaker.allow(now_);
  fail_times(breaker, 3);
  late_success->success();
  EXPECT_EQ(breaker.state(now_), State::kOpen);
  now_ += 5s;
  late_failure->failure(now_);
  EXPECT_EQ(breaker.state(now_), State::kHalfOpen) << "not prolonged";
  const Ticket trial = breaker.allow(now_);
  ASSERT_TRUE(trial);
  late_nothing.reset();
  EXPECT_FALSE(breaker.allow(now_)) << "its trial is another's";
}

TEST_F(BreakerTest, WhatBeganBeforeItClosedIsNoFailure) {
  config_.failures = 1;
  config_.half_open_trials = 1;
  Breaker breaker(config_);
  Ticket late = breaker.allow(now_);
  fail_times(breaker, 1);
  now_ += 5s;
  breaker.allow(now_)->success();
  late->failure(now_);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
}

TEST_F(BreakerTest, RestsAsLongAsItIsAskedTo) {
  Breaker breaker(config_);
  breaker.allow(now_)->rest(now_, 3s);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  EXPECT_EQ(breaker.pause_left(now_ + 1s), milliseconds(2000));
  EXPECT_FALSE(breaker.allow(now_ + 2s));
  EXPECT_TRUE(breaker.allow(now_ + 3s));
  EXPECT_EQ(breaker.pause_left(now_ + 3s), milliseconds(0));
  breaker.allow(now_ + 3s)->rest(now_, std::chrono::hours(24));
  EXPECT_TRUE(breaker.allow(now_ + 10min)) << "but not for ever";
}

TEST_F(BreakerTest, ForgetsAPredecessor) {
  Breaker breaker(config_);
  Ticket late = breaker.allow(now_);
  fail_times(breaker, 3);
  breaker.forget();
  EXPECT_EQ(breaker.state(now_), State::kClosed);
  fail_times(breaker, 2);
  late->failure(now_);
  EXPECT_EQ(breaker.state(now_), State::kClosed);
}

}  // namespace
}  // namespace ai_bot
