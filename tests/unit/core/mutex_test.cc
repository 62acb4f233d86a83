#include "core/mutex.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

namespace ai_bot {
namespace {

TEST(MutexLock, HoldsTheMutexButBetweenUnlockAndLock) {
  Mutex mutex;
  int turns = 0;
  const auto other = [&] {
    std::thread thread([&] {
      MutexLock lock(mutex);
      ++turns;
    });
    thread.join();
  };
  MutexLock lock(mutex);
  lock.unlock();
  other();
  lock.lock();
  EXPECT_EQ(turns, 1);
}

TEST(MutexLock, WaitsForACondition) {
  Mutex mutex;
  std::condition_variable wake;
  bool ready = false;
  std::thread thread([&] {
    MutexLock lock(mutex);
    ready = true;
    wake.notify_all();
  });
  {
    MutexLock lock(mutex);
    while (!ready) wake.wait(lock.native());
    EXPECT_TRUE(ready);
  }
  thread.join();
}

}  // namespace
}  // namespace ai_bot
