#include "assistant/lanes.h"

#include <gtest/gtest.h>

#include <future>

#include "support/wait.h"

namespace ai_bot {
namespace {

using Again = std::optional<int64_t>;

TEST(Lanes, RunALaneInOrderAndNeverTwoTurnsAtOnce) {
  Lanes lanes(4);
  std::mutex mutex;
  std::map<std::string, std::vector<int>> order;
  std::map<std::string, int> inside;
  std::atomic<int> done{0};
  std::atomic<bool> overlapped{false};
  for (int i = 0; i < 500; ++i) {
    const std::string lane = "lane" + std::to_string(i % 7);
    lanes.add(lane, [&, lane, i]() -> Again {
      {
        std::lock_guard lock(mutex);
        if (++inside[lane] > 1) overlapped = true;
        order[lane].push_back(i);
      }
      std::this_thread::yield();
      {
        std::lock_guard lock(mutex);
        --inside[lane];
      }
      ++done;
      return std::nullopt;
    });
  }
  ASSERT_TRUE(test::wait_until([&] { return done == 500; }));
  EXPECT_FALSE(overlapped);
  for (const auto& [lane, numbers] : order)
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end())) << lane;
  EXPECT_TRUE(test::wait_until([&] { return lanes.depth().lanes == 0; }));
}

TEST(Lanes, ASlowLaneDoesNotHoldUpAnother) {
  Lanes lanes(2);
  std::promise<void> release, other;
  auto gate = release.get_future().share();
  lanes.add("slow", [gate]() -> Again {
    gate.wait();
    return std::nullopt;
  });
  lanes.add("fast", [&]() -> Again {
    other.set_value();
    return std::nullopt;
  });
  EXPECT_EQ(other.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  release.set_value();
}

TEST(Lanes, ATurnThatIsNotFinishedRunsAgainBeforeTheLaterOnes) {
  Lanes lanes(2);
  std::vector<std::string> order;
  std::atomic<bool> done{false};
  int attempts = 0;
  lanes.add("a", [&]() -> Again {
    order.push_back("first");
    return ++attempts < 3 ? Again(now_ms() + 5) : std::nullopt;
  });
  lanes.add("a", [&]() -> Again {
    order.push_back("second");
    done = true;
    return std::nullopt;
  });
  ASSERT_TRUE(test::wait_until([&] { return done.load(); }));
  EXPECT_EQ(order, (std::vector<std::string>{"first", "first", "first", "second"}));
}

TEST(Lanes, WaitUntilTheTimeATurnNames) {
  Lanes lanes(2);
  std::atomic<int64_t> ran{0};
  const int64_t due = now_ms() + 60;
  lanes.add(
      "a",
      [&]() -> Again {
        ran = now_ms();
        return std::nullopt;
      },
      due);
  ASSERT_TRUE(test::wait_until([&] { return ran != 0; }));
  EXPECT_GE(ran, due);
}

TEST(Lanes, StopLetsWhatIsUnderWayFinishAndBeginsNothingElse) {
  Lanes lanes(1);
  std::promise<void> begun;
  std::atomic<bool> finished{false}, later{false};
  lanes.add("a", [&]() -> Again {
    begun.set_value();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    finished = true;
    return std::nullopt;
  });
  lanes.add("a", [&]() -> Again {
    later = true;
    return std::nullopt;
  });
  begun.get_future().wait();
  lanes.stop(std::chrono::seconds(20));
  EXPECT_TRUE(finished);
  EXPECT_FALSE(later);
  EXPECT_FALSE([&] {
    bool ran = false;
    lanes.add("b", [&]() -> Again {
      ran = true;
      return std::nullopt;
    });
    return ran;
  }());
}

TEST(Lanes, StopInterruptsWhatDoesNotFinishInTime) {
  Lanes lanes(1);
  std::promise<void> begun;
  lanes.add("a", [&]() -> Again {
    begun.set_value();
    while (!lanes.interrupted()) std::this_thread::yield();
    return now_ms();
  });
  begun.get_future().wait();
  lanes.stop(milliseconds(10));
  EXPECT_TRUE(lanes.interrupted());
}

TEST(Lanes, TellTheirDepth) {
  Lanes lanes(1);
  std::promise<void> release;
  auto gate = release.get_future().share();
  for (int i = 0; i < 3; ++i)
    lanes.add("a", [gate]() -> Again {
      gate.wait();
      return std::nullopt;
    });
  lanes.add("b", [gate]() -> Again {
    gate.wait();
    return std::nullopt;
  });
  ASSERT_TRUE(test::wait_until([&] { return lanes.depth().running == 1; }));
  EXPECT_EQ(lanes.depth().waiting, 3);
  EXPECT_EQ(lanes.depth().lanes, 2);
  release.set_value();
  EXPECT_TRUE(test::wait_until([&] { return lanes.depth().lanes == 0; }));
}

}  // namespace
}  // namespace ai_bot
