#include "core/part.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace ai_bot {
namespace {

using testing::ElementsAre;

class LifecycleTest : public testing::Test {
 protected:
  void add(const std::string& name, bool throws = false) {
    lifecycle_.add({name, [this, name] { seen_.push_back("start " + name); },
                    [this, name, throws](SteadyTime deadline) {
                      seen_.push_back("stop " + name);
                      deadlines_.push_back(deadline);
                      if (throws) throw std::runtime_error("a mistake");
                    }});
  }

  Lifecycle lifecycle_;
  std::vector<std::string> seen_;
  std::vector<SteadyTime> deadlines_;
};

TEST_F(LifecycleTest, StopsInTheOtherOrderByOneDeadline) {
  add("store");
  add("turns");
  const SteadyTime deadline = steady_now() + milliseconds(5000);
  lifecycle_.start();
  lifecycle_.stop(deadline);
  EXPECT_THAT(seen_, ElementsAre("start store", "start turns", "stop turns", "stop store"));
  EXPECT_THAT(deadlines_, ElementsAre(deadline, deadline));
}

TEST_F(LifecycleTest, StopsOnce) {
  add("store");
  lifecycle_.stop(steady_now());
  lifecycle_.stop(steady_now());
  EXPECT_THAT(seen_, ElementsAre("stop store"));
}

TEST_F(LifecycleTest, StopsTheOthersWhenOneThrows) {
  add("store");
  add("turns", /*throws=*/true);
  lifecycle_.stop(steady_now());
  EXPECT_THAT(seen_, ElementsAre("stop turns", "stop store"));
}

TEST_F(LifecycleTest, TakesPartsThatNeedNoStartOrStop) {
  lifecycle_.add({"values"});
  lifecycle_.start();
  lifecycle_.stop(steady_now());
}

}  // namespace
}  // namespace ai_bot
