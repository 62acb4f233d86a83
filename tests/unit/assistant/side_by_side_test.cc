// Turns side by side: what waits for a model holds neither a thread nor anybody else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/ledger.h"
#include "support/held_model.h"
#include "support/test_assistant.h"

namespace ai_bot {
namespace {

using test::AssistantTest;
using test::fails;
using test::HeldModel;
using test::ScriptedModel;
using test::wait_until;
using testing::SizeIs;

class SideBySide : public AssistantTest {
 protected:
  HeldModel* held_model(const std::string& name = "m") {
    return add(std::make_unique<HeldModel>(name));
  }
  int64_t receive_in(const std::string& channel, const std::string& text,
                     const std::string& conversation = "room") {
    return receive(text, conversation, now_ms(), channel);
  }
  // Ends what the model still holds, so that nothing is under way when the test is over.
  void TearDown() override {
    std::thread over([this] { assistant_->stop(steady_now()); });
    for (; over_ != nullptr && assistant_->depth().running > 0;) {
      over_->drop_abandoned();
      std::this_thread::yield();
    }
    over.join();
  }
  HeldModel* over_ = nullptr;
};

TEST_F(SideBySide, AHundredAnswersAreUnderWayOnTheExecutorsFourThreads) {
  auto* m = over_ = held_model();
  start();
  std::vector<int64_t> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(receive("hi", std::to_string(i)));
  ASSERT_TRUE(wait_until([&] { return m->held() == 100; }));
  EXPECT_EQ(assistant_->depth().running, 100);
  m->let_go(100);
  for (const int64_t id : ids) EXPECT_EQ(wait_for(id), "answer");
}

TEST_F(SideBySide, OneChannelLeavesHalfOfTheTurnsToTheOthers) {
  config_.max_parallel_turns = 4;
  auto* m = over_ = held_model();
  start();
  for (int i = 0; i < 10; ++i) receive("hi", std::to_string(i));
  ASSERT_TRUE(wait_until([&] { return m->held() == 2; }));
  receive_in("other", "from elsewhere");
  ASSERT_TRUE(wait_until([&] { return m->held() == 3; }));
  EXPECT_EQ(m->questions().back(), "from elsewhere");
}

TEST_F(SideBySide, CommandsWaitForNobody) {
  config_.max_parallel_turns = 1;
  auto* m = over_ = held_model();
  start();
  const int64_t slow = receive("a long story");
  receive("another");
  ASSERT_TRUE(wait_until([&] { return m->held() == 1; }));
  EXPECT_TRUE(wait_for(receive("/help")).starts_with("/help"));
  EXPECT_TRUE(wait_for(receive("/status", "elsewhere")).starts_with("ai_bot is running."));
  EXPECT_EQ(wait_for(receive("/model m")), "This conversation now uses m.");
  EXPECT_EQ(*converse("/stop").answer, "No answer is under way.");
  EXPECT_EQ(wait_for(receive("/stop")), "The answer was stopped.");
  m->drop_abandoned();
  EXPECT_EQ(wait_for(slow), "(stopped)");
}

TEST_F(SideBySide, NewDuringAnAnswerKeepsItOutOfTheNewConversation) {
  auto* m = over_ = held_model();
  start();
  wait_for(receive("/new"));
  const int64_t before = receive("old");
  ASSERT_TRUE(wait_until([&] { return m->held() == 1; }));
  wait_for(receive("/new"));
  m->let_go(1);
  EXPECT_EQ(wait_for(before), "answer");
  const auto session = ledger_->read<Sessions::Session>(
      [](Transaction& t) { return t.sessions().load("hook/room", 100); });
  EXPECT_THAT(session->messages, SizeIs(0));
}

TEST_F(SideBySide, AMessageBehindOneThatNoModelCouldAnswerHearsSoAtOnce) {
  config_.retry_min = config_.retry_max = 1h;
  model("m", fails(Code::kUnavailable));
  start();
  const int64_t first = receive("one");
  ASSERT_TRUE(wait_until([&] { return notices_of(first).size() == 1; }));
  ASSERT_TRUE(wait_until([&] { return assistant_->depth().running == 0; }));
  const int64_t second = receive("二");
  ASSERT_TRUE(wait_until([&] { return notices_of(second).size() == 1; }));
  EXPECT_EQ(notices_of(second)[0],
            "抱歉，目前没有可用的模型。您的消息已保存，模型恢复后会立即回答。");
  EXPECT_EQ(
      ledger_->read<size_t>([&](Transaction& t) { return t.outbox().open_of(second).size(); }), 1u);
  EXPECT_TRUE(wait_for(receive("/help")).starts_with("/help"));
}

TEST_F(SideBySide, WhatWaitsForAModelGoesOnAsSoonAsTheModelHasAnsweredSomebody) {
  config_.retry_min = config_.retry_max = 1h;
  std::atomic<bool> broken{true};
  model("m",
        [&](const ChatRequest&, const ChatSink&, const ScriptedModel::Say& say) -> Result<ChatEnd> {
          if (broken) return fail(Code::kUnavailable, "down", "不可用");
          say("fine");
          return ChatEnd{};
        });
  start();
  const int64_t id = receive("hi");
  ASSERT_TRUE(wait_until([&] { return notices_of(id).size() == 1; }));
  broken = false;
  EXPECT_EQ(wait_for(receive("hi", "elsewhere")), "fine");
  EXPECT_EQ(wait_for(id), "fine");
}

TEST_F(SideBySide, WhatWaitsForAModelTriesItWhenItsBreakerLetsIt) {
  config_.retry_min = config_.retry_max = 1h;
  router_config_.breaker.failures = 1;
  router_config_.breaker.open_for = 1s;
  std::atomic<bool> broken{true};
  model("m",
        [&](const ChatRequest&, const ChatSink&, const ScriptedModel::Say& say) -> Result<ChatEnd> {
          if (broken) return fail(Code::kUnavailable, "down", "不可用");
          say("fine");
          return ChatEnd{};
        });
  start();
  const int64_t id = receive("hi");
  ASSERT_TRUE(wait_until([&] { return notices_of(id).size() == 1; }));
  broken = false;
  EXPECT_EQ(wait_for(id), "fine");
}

TEST_F(SideBySide, ALocalModelGetsTwoTurnsForEachOfItsSlotsAndAWaitingOneCanBeStopped) {
  auto* m = over_ = held_model();
  m->set_parallel(1);
  start();
  std::vector<int64_t> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(receive("hi", std::to_string(i)));
    ASSERT_TRUE(wait_until([&] { return assistant_->depth().running == i + 1; }));
  }
  ASSERT_TRUE(wait_until([&] { return m->held() == 2; }));
  EXPECT_EQ(wait_for(receive("/stop", "3")), "The answer was stopped.");
  EXPECT_EQ(wait_for(ids[3]), "(stopped)");
  m->let_go(2);
  ASSERT_TRUE(wait_until([&] { return m->held() == 2; }));
  m->let_go(2);
  EXPECT_EQ(wait_for(ids[4]), "answer");
  EXPECT_THAT(m->questions(), SizeIs(4));
}

TEST_F(SideBySide, ResumingAgainAddsNothingTwice) {
  config_.max_parallel_turns = 2;
  auto* m = over_ = held_model();
  start();
  for (int i = 0; i < 20; ++i) insert("hi", std::to_string(i));
  for (int i = 0; i < 5; ++i) assistant_->resume();
  ASSERT_TRUE(wait_until([&] { return m->held() == 1; }));
  EXPECT_EQ(assistant_->depth().waiting, 19);
}

TEST_F(SideBySide, AClientWhoseTurnNeverBeganHearsOfTheStop) {
  config_.max_parallel_turns = 1;
  auto* m = over_ = held_model();
  start();
  receive("a long story");
  ASSERT_TRUE(wait_until([&] { return m->held() == 1; }));
  auto waiting = std::async(std::launch::async, [&] { return converse("hi"); });
  ASSERT_TRUE(wait_until([&] { return assistant_->depth().waiting == 1; }));
  std::thread stopping([&] { assistant_->stop(steady_now() + 10s); });
  const Conversed refused = waiting.get();
  ASSERT_FALSE(refused.answer);
  EXPECT_EQ(refused.answer.error().code, Code::kUnavailable);
  m->let_go(1);
  stopping.join();
}

}  // namespace
}  // namespace ai_bot
