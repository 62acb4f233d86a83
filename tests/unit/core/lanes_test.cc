#include "core/lanes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>

#include "support/fake_clock.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using test::FakeClock;
using test::wait_until;
using Finish = Lanes::Finish;

SteadyTime soon() { return steady_now() + std::chrono::seconds(20); }

// Turns that wait, without a thread, until they are let go.
class Held {
 public:
  Lanes::Turn turn() {
    return [this](Finish finish) {
      std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(finish));
    };
  }
  size_t count() const {
    std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  void let_go() {
    std::vector<Finish> all;
    {
      std::lock_guard lock(mutex_);
      all.swap(waiting_);
    }
    for (const Finish& finish : all) finish(std::nullopt);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Finish> waiting_;
};

class LanesTest : public testing::Test {
 protected:
  FakeClock clock_;
  Executor executor_{{"test", 2}, clock_};
};

TEST_F(LanesTest, RunALaneInOrderAndNeverTwoTurnsAtOnce) {
  Lanes lanes("test", 8, executor_);
  std::mutex mutex;
  std::map<std::string, std::vector<int>> order;
  std::map<std::string, int> inside;
  std::atomic<int> done{0};
  std::atomic<bool> overlapped{false};
  for (int i = 0; i < 500; ++i) {
    const std::string lane = "lane" + std::to_string(i % 7);
    lanes.add(lane, "group" + std::to_string(i % 7 % 3), [&, lane, i](const Finish& finish) {
      {
        std::lock_guard lock(mutex);
        if (++inside[lane] > 1) overlapped = true;
        order[lane].push_back(i);
      }
      ASSERT_TRUE(executor_.post("elsewhere", [&, lane, finish] {
        {
          std::lock_guard lock(mutex);
          --inside[lane];
        }
        ++done;
        finish(std::nullopt);
      }));
    });
  }
  ASSERT_TRUE(wait_until([&] { return done == 500; }));
  EXPECT_FALSE(overlapped);
  for (const auto& [lane, numbers] : order)
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end())) << lane;
  EXPECT_TRUE(wait_until([&] { return lanes.depth().lanes == 0; }));
}

TEST_F(LanesTest, TurnsThatWaitHoldNoThread) {
  Lanes lanes("test", 1000, executor_);
  Held held;
  for (int i = 0; i < 100; ++i) lanes.add("lane" + std::to_string(i), "a", held.turn());
  EXPECT_TRUE(wait_until([&] { return held.count() == 100; }));
  held.let_go();
  EXPECT_TRUE(wait_until([&] { return lanes.depth().lanes == 0; }));
}

TEST_F(LanesTest, OneGroupHasAtMostHalfOfThePlaces) {
  Lanes lanes("test", 4, executor_);
  Held slow;
  for (int i = 0; i < 10; ++i) lanes.add("slow" + std::to_string(i), "slow", slow.turn());
  ASSERT_TRUE(wait_until([&] { return slow.count() == 2; }));
  std::atomic<int> done{0};
  for (int i = 0; i < 10; ++i) {
    lanes.add("fast" + std::to_string(i), "fast", [&](const Finish& finish) {
      ++done;
      finish(std::nullopt);
    });
  }
  EXPECT_TRUE(wait_until([&] { return done == 10; }));
  EXPECT_EQ(slow.count(), 2u);
  EXPECT_EQ(lanes.depth().waiting, 8);
  EXPECT_EQ(lanes.waiting("slow"), 8);
  EXPECT_EQ(lanes.waiting("fast"), 0);
  EXPECT_EQ(lanes.depth().running, 2);
  while (lanes.depth().lanes > 0) slow.let_go();
}

TEST_F(LanesTest, ATurnThatIsNotFinishedRunsAgainBeforeTheLaterOnes) {
  Lanes lanes("test", 2, executor_, clock_);
  std::mutex mutex;
  std::string order;
  std::atomic<int> attempts{0};
  lanes.add("a", "g", [&](const Finish& finish) {
    {
      std::lock_guard lock(mutex);
      order += '1';
    }
    const bool is_last = ++attempts == 3;
    finish(is_last ? std::nullopt : std::optional(clock_.now() + milliseconds(1000)));
  });
  std::atomic<bool> done{false};
  lanes.add("a", "g", [&](const Finish& finish) {
    {
      std::lock_guard lock(mutex);
      order += '2';
    }
    done = true;
    finish(std::nullopt);
  });
  for (int expected = 1; expected <= 3; ++expected) {
    ASSERT_TRUE(wait_until([&] { return attempts == expected; }));
    clock_.set_unix(clock_.unix_ms() - 7200000);  // which changes nothing
    clock_.advance(milliseconds(1000));
  }
  ASSERT_TRUE(wait_until([&] { return done.load(); }));
  EXPECT_EQ(order, "1112");
}

TEST_F(LanesTest, WaitForTheirTime) {
  Lanes lanes("test", 2, executor_, clock_);
  std::atomic<bool> ran{false}, other{false};
  lanes.add(
      "a", "g",
      [&](const Finish& finish) {
        ran = true;
        finish(std::nullopt);
      },
      clock_.now() + milliseconds(1000));
  EXPECT_EQ(lanes.waiting("g"), 1) << "it waits while it rests too";
  clock_.advance(milliseconds(999));
  lanes.add("b", "g", [&](const Finish& finish) {
    other = true;
    finish(std::nullopt);
  });
  ASSERT_TRUE(wait_until([&] { return other.load(); }));
  EXPECT_FALSE(ran);
  clock_.advance(milliseconds(1));
  EXPECT_TRUE(wait_until([&] { return ran.load(); }));
}

TEST_F(LanesTest, HurryEndsTheRestOfAllSpreadOverAWhile) {
  Lanes lanes("test", 100, executor_, clock_);
  std::atomic<int> ran{0};
  for (int i = 0; i < 10; ++i) {
    lanes.add(
        "lane" + std::to_string(i), "g",
        [&](const Finish& finish) {
          ++ran;
          finish(std::nullopt);
        },
        clock_.now() + std::chrono::hours(1 + i));
  }
  lanes.hurry(milliseconds(1000));
  EXPECT_TRUE(wait_until([&] { return ran == 1; }));
  clock_.advance(milliseconds(500));
  EXPECT_TRUE(wait_until([&] { return ran == 6; }));
  clock_.advance(milliseconds(500));
  EXPECT_TRUE(wait_until([&] { return ran == 10; }));
}

TEST_F(LanesTest, HurryMayConcernOnlyThoseThatWouldHaveGoneOnFirst) {
  Lanes lanes("test", 100, executor_, clock_);
  std::atomic<int> ran{0};
  for (int i = 0; i < 10; ++i) {
    lanes.add(
        "lane" + std::to_string(i), "g",
        [&, i](const Finish& finish) {
          EXPECT_LT(i, 2);
          ++ran;
          finish(std::nullopt);
        },
        clock_.now() + std::chrono::hours(1 + i));
  }
  lanes.hurry(milliseconds(0), 2);
  EXPECT_TRUE(wait_until([&] { return ran == 2; }));
  EXPECT_EQ(lanes.depth().waiting, 8);
}

TEST_F(LanesTest, StopLetsWhatIsUnderWayFinishAndBeginsNothingElse) {
  Lanes lanes("test", 4, executor_);
  Held held;
  const auto never = std::make_shared<int>(0);
  const auto turn = [never](const Finish&) { FAIL(); };
  lanes.add("a", "g", held.turn());
  lanes.add("a", "g", turn);
  lanes.add("b", "g", turn, steady_now() + std::chrono::hours(1));
  ASSERT_TRUE(wait_until([&] { return held.count() == 1; }));
  auto stopped = std::async(std::launch::async, [&] { return lanes.stop(soon()); });
  EXPECT_TRUE(wait_until([&] { return never.use_count() == 2; })) << "what never began is let go";
  EXPECT_FALSE(lanes.interrupted());
  held.let_go();
  EXPECT_TRUE(stopped.get());
  lanes.add("c", "g", turn);
  EXPECT_EQ(lanes.depth().lanes, 0);
}

TEST_F(LanesTest, StopInterruptsWhatDoesNotFinishInTime) {
  Lanes lanes("test", 4, executor_);
  std::promise<void> begun;
  lanes.add("a", "g", [&](const Finish& finish) {
    begun.set_value();
    while (!lanes.interrupted()) std::this_thread::yield();
    finish(steady_now());
  });
  begun.get_future().wait();
  EXPECT_TRUE(lanes.stop(steady_now() + milliseconds(10)));
  EXPECT_TRUE(lanes.interrupted());
}

TEST_F(LanesTest, StopDoesNotWaitForWhatNeverEnds) {
  Held held;
  {
    Lanes lanes("test", 4, executor_);
    lanes.add("a", "g", held.turn());
    ASSERT_TRUE(wait_until([&] { return held.count() == 1; }));
    const SteadyTime begun = steady_now();
    EXPECT_FALSE(lanes.stop(begun + milliseconds(10)));
    EXPECT_GE(since(begun), Lanes::kGiveUp);
  }
  held.let_go();  // though they are gone
}

TEST_F(LanesTest, ATurnThatThrowsIsOverAndItsLaneGoesOn) {
  Lanes lanes("test", 1, executor_);
  std::atomic<bool> later{false};
  lanes.add("a", "g", [](const Finish&) { throw std::runtime_error("a mistake"); });
  lanes.add("a", "g", [](const Finish& finish) {
    finish(std::nullopt);
    throw std::runtime_error("a mistake");
  });
  lanes.add("a", "g", [&](const Finish& finish) {
    later = true;
    finish(std::nullopt);
    finish(std::nullopt);
  });
  EXPECT_TRUE(wait_until([&] { return later.load(); }));
  EXPECT_TRUE(wait_until([&] { return lanes.depth().lanes == 0; }));
  EXPECT_EQ(lanes.depth().running, 0);
}

TEST_F(LanesTest, WaitWhereTheExecutorHasNoRoom) {
  Executor narrow({"narrow", 1, 1});
  Lanes lanes("test", 100, narrow);
  std::atomic<int> done{0};
  for (int i = 0; i < 30; ++i) {
    lanes.add("lane" + std::to_string(i), "g", [&](const Finish& finish) {
      ++done;
      finish(std::nullopt);
    });
  }
  EXPECT_TRUE(wait_until([&] { return done == 30; }));
}

}  // namespace
}  // namespace ai_bot
