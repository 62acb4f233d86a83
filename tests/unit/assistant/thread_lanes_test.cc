#include "assistant/thread_lanes.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "support/wait.h"

namespace ai_bot {
namespace {

using Again = std::optional<int64_t>;

TEST(ThreadLanes, RunALaneInOrderAndNeverTwoTurnsAtOnce) {
  ThreadLanes lanes(4);
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

TEST(ThreadLanes, ASlowLaneDoesNotHoldUpAnother) {
  ThreadLanes lanes(2);
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

// As a group commit adds them: at one instant, with a thread that waits already.
TEST(ThreadLanes, LanesThatAreReadyAtOneInstantRunSideBySide) {
  for (int round = 0; round < 60; ++round) {
    ThreadLanes lanes(4);
    std::promise<void> warm, release;
    lanes.add("warm", [&]() -> Again {
      warm.set_value();
      return std::nullopt;
    });
    warm.get_future().wait();
    auto gate = release.get_future().share();
    std::atomic<int> begun{0};
    for (const char* name : {"a", "b", "c", "d"}) {
      lanes.add(name, [&begun, gate]() -> Again {
        ++begun;
        gate.wait();
        return std::nullopt;
      });
    }
    EXPECT_TRUE(test::wait_until([&] { return begun == 4; })) << round;
    release.set_value();
  }
}

TEST(ThreadLanes, LanesThatHaveRestedRunSideBySideToo) {
  ThreadLanes lanes(4);
  std::promise<void> release;
  auto gate = release.get_future().share();
  std::atomic<int> begun{0};
  const int64_t soon = now_ms() + 50;
  for (const char* name : {"a", "b", "c", "d"}) {
    lanes.add(
        name,
        [&begun, gate]() -> Again {
          ++begun;
          gate.wait();
          return std::nullopt;
        },
        soon);
  }
  EXPECT_TRUE(test::wait_until([&] { return begun == 4; }));
  release.set_value();
}

TEST(ThreadLanes, ATurnThatIsNotFinishedRunsAgainBeforeTheLaterOnes) {
  ThreadLanes lanes(2);
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

TEST(ThreadLanes, WaitUntilTheTimeATurnNames) {
  ThreadLanes lanes(2);
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

TEST(ThreadLanes, StopLetsWhatIsUnderWayFinishAndBeginsNothingElse) {
  ThreadLanes lanes(1);
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

TEST(ThreadLanes, StopInterruptsWhatDoesNotFinishInTime) {
  ThreadLanes lanes(1);
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

TEST(ThreadLanes, ATurnThatThrowsIsOverAndItsLaneGoesOn) {
  ThreadLanes lanes(1);
  std::atomic<bool> later{false};
  lanes.add("a", []() -> Again { throw std::runtime_error("a mistake"); });
  lanes.add("a", [&]() -> Again {
    later = true;
    return std::nullopt;
  });
  EXPECT_TRUE(test::wait_until([&] { return later.load(); }));
}

TEST(ThreadLanes, ATimeFarInTheFutureKeepsNothingBusy) {
  ThreadLanes lanes(1);
  lanes.add(
      "a", [] { return Again(); }, INT64_MAX);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  getrusage(RUSAGE_SELF, &after);
  const auto used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 +
                    after.ru_utime.tv_usec - before.ru_utime.tv_usec;
  EXPECT_LT(used, 100000);
}

// In a process that may have one more thread.
TEST(ThreadLanes, GoOnWithTheThreadsThereAre) {
  const pid_t pid = fork();
  if (pid == 0) {
    ThreadLanes lanes(8);
    // Root is under no such limit.
    if (geteuid() == 0 && setresuid(65533, 65533, 65533) != 0) _exit(2);
    const rlimit none{1, 1};
    setrlimit(RLIMIT_NPROC, &none);
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    std::atomic<int> done{0};
    for (int i = 0; i < 20; ++i) {
      lanes.add("lane" + std::to_string(i), [&, opened]() -> Again {
        opened.wait();
        ++done;
        return std::nullopt;
      });
    }
    gate.set_value();
    const bool all = test::wait_until([&] { return done == 20; });
    const bool none_more = [] {
      try {
        std::thread([] {}).join();
        return false;
      } catch (const std::system_error&) {
        return true;
      }
    }();
    lanes.stop(std::chrono::seconds(20));
    _exit(all ? none_more ? 0 : 3 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  if (WEXITSTATUS(status) == 3) GTEST_SKIP() << "the limit of threads is not enforced here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(ThreadLanes, TellTheirDepth) {
  ThreadLanes lanes(1);
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
