#include "gateway/platform_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "support/fake_clock.h"
#include "support/socket_server.h"
#include "support/test_platform.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using namespace std::chrono_literals;
using test::Answering;
using test::SocketServer;
using test::wait_until;

class PlatformAccessTest : public testing::Test {
 protected:
  void start(SocketServer::Handler handler) {
    server_ = std::make_unique<SocketServer>(std::move(handler));
    entry_ = test::entry_of("hook", server_->url(), http_, 20s, clock_);
  }
  // What is under way ends before its server and its timers go.
  void TearDown() override {
    http_.stop();
    timers_.stop();
  }

  // What came, as text: the token, or why there is none.
  struct Asked {
    std::atomic<int> answers{0};
    std::mutex mutex;
    std::vector<std::string> texts;
  };
  void ask(Asked& asked, PlatformAccess::Over over = nullptr) {
    entry_.access->token(
        [&asked](const Result<std::string>& token) {
          std::lock_guard lock(asked.mutex);
          asked.texts.push_back(token ? *token : token.error().text.en);
          ++asked.answers;
        },
        std::move(over));
  }

  test::FakeClock clock_;
  Executor timers_{{"test", 2}, clock_};
  HttpClient http_;
  std::unique_ptr<SocketServer> server_;
  ChannelEntry entry_;
};

TEST_F(PlatformAccessTest, FetchesOneTokenForAllThatWaitAndKeepsIt) {
  std::promise<void> gate;
  start([opened = gate.get_future().share()](const auto&, Answering& a) {
    opened.wait();
    a.reply(200, "t1");
  });
  Asked asked;
  for (int i = 0; i < 20; ++i) ask(asked);
  EXPECT_EQ(asked.answers, 0) << "nobody was kept waiting";
  gate.set_value();
  ASSERT_TRUE(wait_until([&] { return asked.answers == 20; }));
  ask(asked);
  EXPECT_EQ(asked.answers, 21) << "at once";
  EXPECT_THAT(asked.texts, testing::Each("t1"));
  EXPECT_EQ(server_->count(), 1);
}

TEST_F(PlatformAccessTest, FetchesAnotherTokenShortlyBeforeItsEndOrOnceItIsForgotten) {
  std::atomic<int> fetched{0};
  start([&](const auto&, Answering& a) { a.reply(200, "t" + std::to_string(++fetched)); });
  Asked asked;
  ask(asked);
  ASSERT_TRUE(wait_until([&] { return asked.answers == 1; }));
  clock_.advance(2h - 59s);
  ask(asked);
  ASSERT_TRUE(wait_until([&] { return asked.answers == 2; }));
  entry_.access->forget("t1");  // an old one
  entry_.access->forget("t2");
  ask(asked);
  ASSERT_TRUE(wait_until([&] { return asked.answers == 3; }));
  EXPECT_THAT(asked.texts, testing::ElementsAre("t1", "t2", "t3"));
}

TEST_F(PlatformAccessTest, AFailureIsEverybodysForAWhile) {
  std::atomic<bool> works{false};
  start([&](const auto&, Answering& a) { a.reply(works ? 200 : 503, "t1"); });
  Asked asked;
  ask(asked);
  ASSERT_TRUE(wait_until([&] { return asked.answers == 1; }));
  works = true;
  clock_.advance(2s);
  std::optional<milliseconds> rest;
  entry_.access->token([&](const Result<std::string>& token) { rest = token.error().retry_after; });
  EXPECT_EQ(rest, PlatformAccess::kFailureKept - 2s) << "at once, and says when to ask again";
  EXPECT_EQ(server_->count(), 1);
  clock_.advance(*rest);
  ask(asked);
  ASSERT_TRUE(wait_until([&] { return asked.answers == 2; }));
  EXPECT_THAT(asked.texts, testing::ElementsAre("no token", "t1"));
}

TEST_F(PlatformAccessTest, WhoGivesUpIsLetGoAndTheOthersGoOnWaiting) {
  std::promise<void> gate;
  start([opened = gate.get_future().share()](const auto&, Answering& a) {
    opened.wait();
    a.reply(200, "t1");
  });
  Asked patient, impatient;
  std::atomic<bool> over{false};
  ask(impatient, [&] { return over.load(); });
  ask(patient, [] { return false; });
  over = true;
  ASSERT_TRUE(wait_until([&] { return impatient.answers == 1; }));
  EXPECT_EQ(impatient.texts.front(), "the request was cancelled");
  EXPECT_EQ(patient.answers, 0);
  gate.set_value();
  ASSERT_TRUE(wait_until([&] { return patient.answers == 1; }));
  EXPECT_EQ(patient.texts.front(), "t1");
}

TEST_F(PlatformAccessTest, AsksUntilItKnowsWhoTheBotIs) {
  std::atomic<int> asked{0};
  start([&](const test::Received& request, Answering& a) {
    if (request.line.starts_with("POST /")) return a.reply(200, "t1");
    a.reply(++asked < 3 ? 500 : 200, "bot-7");
  });
  entry_.access->learn_identity(timers_);
  ASSERT_TRUE(wait_until([&] { return timers_.depth().timed == 1; }));
  clock_.advance(1s);
  ASSERT_TRUE(wait_until([&] { return asked == 2 && timers_.depth().timed == 1; }));
  EXPECT_TRUE(entry_.access->needs_identity());
  clock_.advance(2s);
  ASSERT_TRUE(wait_until([&] { return entry_.access->identity() != nullptr; }));
  EXPECT_EQ(entry_.access->identity()->id, "bot-7");
  EXPECT_EQ(asked, 3);
}

TEST_F(PlatformAccessTest, IntroducesTheBotOnceItIsKnown) {
  start([](const test::Received& got, Answering& a) {
    a.reply(got.line.starts_with("POST /menu") ? 500 : 200, "bot-7");
  });
  const auto menus = [&] {
    std::vector<std::string> list;
    for (const test::Received& got : server_->received())
      if (got.line.find("/menu/") != std::string::npos) list.push_back(got.line);
    return list;
  };
  entry_.access->learn_identity(timers_);
  ASSERT_TRUE(wait_until([&] { return menus().size() == 2; }));
  EXPECT_EQ(server_->received().at(1).line.substr(0, 7), "GET /me") << "first it asks who it is";
  EXPECT_THAT(menus(), testing::UnorderedElementsAre(testing::StartsWith("POST /menu/en "),
                                                     testing::StartsWith("POST /menu/zh ")));
}

TEST_F(PlatformAccessTest, AsksNoMoreOnceItIsStopped) {
  start([](const auto&, Answering& a) { a.wait_until_closed(); });
  entry_.access->learn_identity(timers_);
  ASSERT_TRUE(wait_until([&] { return server_->count() == 1; }));
  entry_.access->stop();
  Asked asked;
  ask(asked, [] { return true; });
  ASSERT_TRUE(wait_until([&] { return asked.answers == 1; }));
  EXPECT_EQ(timers_.depth().timed, 0);
}

}  // namespace
}  // namespace ai_bot
