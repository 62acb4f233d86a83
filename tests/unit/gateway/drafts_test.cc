#include "gateway/drafts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "gateway/typing.h"
#include "store/sqlite/ledger.h"
#include "support/fake_clock.h"
#include "support/socket_server.h"
#include "support/temp_folder.h"
#include "support/test_platform.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using namespace std::chrono_literals;
using test::Answering;
using test::SocketServer;
using test::wait_until;

class DraftsTest : public testing::Test {
 protected:
  DraftsTest() : ledger_(std::move(*SqliteLedger::open({folder_ / "a.db"}))) {}
  void TearDown() override {
    for (std::promise<void>* gate : {&token_gate_, &send_gate_}) open(*gate);
    http_.stop();
    executor_.stop();
    ledger_->stop();
  }

  // A platform whose answers wait for their gate.
  void start(bool token_waits, bool send_waits) {
    if (!token_waits) open(token_gate_);
    if (!send_waits) open(send_gate_);
    server_ = std::make_unique<SocketServer>([this](const test::Received& got, Answering& a) {
      const bool is_token = got.line.starts_with("POST /token");
      if (is_token) token_opened_.wait();
      if (got.line.find("/send") != std::string::npos) {
        ++sends_;
        send_opened_.wait();
      }
      a.reply(200, is_token ? "t1" : "m7");
    });
    entry_ = test::entry_of("hook", server_->url(), http_, 20s, clock_);
    Event event;
    event.channel = "hook";
    event.event_id = "e1";
    event.text = "hi";
    ASSERT_TRUE(ledger_->write([&](Transaction& t) { id_ = t.inbox().add(event).id; }));
    draft_ = begin_draft(entry_, {http_, executor_, 20s, clock_}, *ledger_, id_, event);
    ASSERT_TRUE(draft_);
  }
  void open(std::promise<void>& gate) {
    if (is_open_.insert(&gate).second) gate.set_value();
  }
  // What was sent to be shown, as "POST text" or "PUT text".
  std::vector<std::string> shown() {
    std::vector<std::string> list;
    for (const test::Received& got : server_->received()) {
      if (got.line.find("/send") == std::string::npos) continue;
      list.push_back(got.line.substr(0, got.line.find(' ') + 1) + got.body);
    }
    return list;
  }
  // Nothing is under way, or has its time but for the sign of typing where that was shown.
  bool is_idle(int64_t typing = 0) {
    const Executor::Depth depth = executor_.depth();
    return depth.timed == typing && depth.waiting + depth.running == 0;
  }
  bool is_finished() {
    draft_->finish([this] { ++finished_; });
    return finished_ == 1;
  }

  test::TempFolder folder_;
  std::unique_ptr<Ledger> ledger_;
  test::FakeClock clock_;
  Executor executor_{{"test", 2}, clock_};
  HttpClient http_;
  std::promise<void> token_gate_, send_gate_;
  std::shared_future<void> token_opened_ = token_gate_.get_future().share(),
                           send_opened_ = send_gate_.get_future().share();
  std::set<std::promise<void>*> is_open_;
  std::atomic<int> sends_{0}, finished_{0};
  std::unique_ptr<SocketServer> server_;
  ChannelEntry entry_;
  int64_t id_ = 0;
  std::shared_ptr<Draft> draft_;
};

TEST_F(DraftsTest, AMessageIsPostedThenEditedAtItsPace) {
  start(false, false);
  draft_->grow("one");
  draft_->grow("one two");
  EXPECT_EQ(sends_, 0);
  clock_.advance(300ms);
  ASSERT_TRUE(wait_until([&] { return sends_ == 1; }));
  const auto is_known = [&] {
    return ledger_->read<std::string>([&](Transaction& t) { return t.inbox().draft(id_); }) == "m7";
  };
  ASSERT_TRUE(wait_until(is_known));
  draft_->grow("one two three");
  clock_.advance(300ms);
  ASSERT_TRUE(wait_until([&] { return sends_ == 2; }));
  EXPECT_THAT(shown(), testing::ElementsAre("POST one two …", "PUT one two three …"));
}

// As when the answer has outgrown the message.
TEST_F(DraftsTest, AMessageThatSaysTheSameIsNotEdited) {
  start(false, false);
  draft_->grow("one");
  clock_.advance(300ms);
  ASSERT_TRUE(wait_until([&] { return sends_ == 1 && is_idle(1); }));
  for (int i = 0; i < 3; ++i) {
    draft_->grow("one");
    ASSERT_TRUE(wait_until([&] { return executor_.depth().timed == 2; }));
    clock_.advance(300ms);
    ASSERT_TRUE(wait_until([&] { return is_idle(1); }));
  }
  EXPECT_EQ(sends_, 1);
  draft_->grow("one two");
  clock_.advance(300ms);
  ASSERT_TRUE(wait_until([&] { return sends_ == 2; }));
  EXPECT_EQ(shown().back(), "PUT one two …");
}

TEST_F(DraftsTest, WhatGrewWhileTheTokenWasAwaitedIsShown) {
  start(true, false);
  draft_->grow("one");
  clock_.advance(300ms);
  ASSERT_TRUE(wait_until([&] { return is_idle(); }));
  draft_->grow("one two");
  open(token_gate_);
  ASSERT_TRUE(wait_until([&] { return sends_ == 1; }));
  ASSERT_TRUE(wait_until([&] { return executor_.depth().timed == 2; }));
  clock_.advance(300ms);
  ASSERT_TRUE(wait_until([&] { return sends_ == 2; }));
  EXPECT_EQ(shown().back(), "PUT one two …");
}

TEST_F(DraftsTest, FinishingWaitsForNoToken) {
  start(true, false);
  draft_->grow("one");
  clock_.advance(300ms);
  ASSERT_TRUE(wait_until([&] { return is_idle(); }));
  EXPECT_TRUE(is_finished());
  open(token_gate_);
  draft_->grow("one two");
  ASSERT_TRUE(wait_until([&] { return server_->count() == 1 && is_idle(); }));  // the token
  EXPECT_EQ(sends_, 0) << "the answer has come by another way";
}

TEST_F(DraftsTest, FinishingWaitsForTheMessageUnderWayAndHoldsNobody) {
  start(false, true);
  draft_->grow("one");
  clock_.advance(300ms);
  ASSERT_TRUE(wait_until([&] { return sends_ == 1; }));
  EXPECT_FALSE(is_finished());
  open(send_gate_);
  ASSERT_TRUE(wait_until([&] { return finished_ == 1; }));
  EXPECT_TRUE(ledger_->write([&](Transaction& t) { EXPECT_EQ(t.inbox().draft(id_), "m7"); }))
      << "before the answer, which is to take its place and is written next";
}

TEST_F(DraftsTest, TypingIsShownForAsLongAsTheAnswerIsMade) {
  start(false, false);
  const auto typed = [&] {
    int count = 0;
    for (const test::Received& got : server_->received())
      count += got.line.starts_with("POST /typing") ? 1 : 0;
    return count;
  };
  for (int times = 1; times <= 3; ++times) {
    ASSERT_TRUE(wait_until([&] { return typed() == times && executor_.depth().timed == 1; }));
    clock_.advance(Typing::kEvery);
  }
  ASSERT_TRUE(wait_until([&] { return typed() == 4 && executor_.depth().timed == 1; }));
  EXPECT_TRUE(is_finished());
  clock_.advance(Typing::kEvery);
  ASSERT_TRUE(wait_until([&] { return is_idle(); }));
  EXPECT_EQ(typed(), 4);
}

TEST_F(DraftsTest, ATextThatCannotBeShownHarmsNothing) {
  start(false, false);
  draft_->grow("poison");
  ASSERT_TRUE(wait_until([&] { return is_idle(2); }));
  clock_.advance(300ms);
  ASSERT_TRUE(wait_until([&] { return is_idle(1); }));
  EXPECT_TRUE(is_finished());
  EXPECT_EQ(sends_, 0);
}

}  // namespace
}  // namespace ai_bot
