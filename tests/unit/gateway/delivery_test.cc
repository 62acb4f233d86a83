#include "gateway/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "store/sqlite/ledger.h"
#include "support/fake_clock.h"
#include "support/socket_server.h"
#include "support/temp_folder.h"
#include "support/test_platform.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using test::Answering;
using test::SocketServer;
using test::wait_until;

class DeliveryTest : public testing::Test {
 protected:
  DeliveryTest() : ledger_(std::move(*SqliteLedger::open({folder_ / "a.db"}))) {
    config_.backoff_min = 5ms;
    config_.backoff_max = 20ms;
  }

  // Replies of the channel "hook" go to this server.
  void start(SocketServer::Handler handler) {
    server_ = std::make_unique<SocketServer>(std::move(handler));
    ChannelConfig channel;
    channel.name = "hook";
    channel.secret = Secret("0123456789abcdef");
    channel.mode = "callback";
    channel.callback_url = server_->url() + "/answers";
    const std::shared_ptr<const Channel> made = make_channel(channel, {});
    channels_.put({made, channel, std::make_shared<PlatformAccess>("hook", made, http_, 5000ms)});
    deliver_by(executor_);
  }
  // A second channel, to the same server.
  void add_other() {
    ChannelEntry other = *channels_.find("hook");
    other.config.name = "other";
    channels_.put(other);
  }
  void deliver_by(Executor& executor, Clock& clock = Clock::system()) {
    const Outgoing outgoing{http_, executor, config_.timeout, clock};
    deliverer_ =
        std::make_unique<Deliverer>(*ledger_, under_way_, metrics_, outgoing, config_, channels_);
  }
  void TearDown() override {
    if (deliverer_) deliverer_->stop(steady_now());
    ledger_->stop();
    executor_.stop();
    http_.stop();
  }
  // Gives up what is under way.
  void stop() { deliverer_->stop(steady_now() + Lanes::kGiveUp + 10ms); }

  int64_t add(const std::string& text, const std::string& channel = "hook",
              const std::string& conversation = "room") {
    const Event event{channel, "e" + std::to_string(++number_), conversation, "anna", "hi", "r", 1};
    int64_t id = 0;
    EXPECT_TRUE(ledger_->write([&](Transaction& t) {
      id = t.inbox().add(event).id;
      t.outbox().add(id, event, Outbox::Kind::kAnswer, {text}, false);
    }));
    return id;
  }
  Outbox::Counts counts() {
    return *ledger_->read<Outbox::Counts>([](Transaction& t) { return t.outbox().count(); });
  }
  std::string key_of(const test::Received& request) {
    return request.headers.at("idempotency-key");
  }

  test::TempFolder folder_;
  std::unique_ptr<Ledger> ledger_;
  UnderWay under_way_;
  Executor executor_{{"test"}};
  HttpClient http_;
  Metrics metrics_;
  DeliveryConfig config_;
  std::unique_ptr<SocketServer> server_;
  ChannelMap channels_;
  std::unique_ptr<Deliverer> deliverer_;
  int number_ = 0;
};

TEST_F(DeliveryTest, SendsAReplyOnce) {
  start([](const auto&, Answering& a) { a.reply(200, "{}"); });
  const int64_t id = add("hello");
  deliverer_->deliver(id);
  deliverer_->deliver(id);
  ASSERT_TRUE(wait_until([&] { return counts().open == 0; }));
  EXPECT_EQ(server_->count(), 1);
}

TEST_F(DeliveryTest, RepeatsUnderTheSameKeyUntilItIsTaken) {
  std::atomic<int> attempts{0};
  start([&](const auto&, Answering& a) {
    const int attempt = ++attempts;
    if (attempt == 1) return a.reply(500, "");
    if (attempt == 2) return;  // closed without a word: nobody knows whether it arrived
    a.reply(200, "{}");
  });
  deliverer_->deliver(add("hello"));
  ASSERT_TRUE(wait_until([&] { return counts().open == 0; }));
  const auto got = server_->received();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(key_of(got[0]), key_of(got[1]));
  EXPECT_EQ(key_of(got[0]), key_of(got[2]));
  EXPECT_EQ(counts().dead, 0);
}

TEST_F(DeliveryTest, HonoursRetryAfter) {
  std::atomic<int> attempts{0};
  std::atomic<int64_t> first{0}, second{0};
  start([&](const auto&, Answering& a) {
    if (++attempts == 1) {
      first = now_ms();
      return a.reply(429, "", "Retry-After: 1\r\n");
    }
    second = now_ms();
    a.reply(200, "");
  });
  deliverer_->deliver(add("hello"));
  ASSERT_TRUE(wait_until([&] { return counts().open == 0; }));
  EXPECT_GE(second - first, 1000);
}

TEST_F(DeliveryTest, ARetryAfterOfNothingDoesNotBurnTheAttempts) {
  config_.max_attempts = 6;
  config_.backoff_min = 100ms;
  config_.backoff_max = 1s;
  start([](const auto&, Answering& a) { a.reply(429, "", "Retry-After: 0\r\n"); });
  const SteadyTime begun = steady_now();
  deliverer_->deliver(add("hello"));
  ASSERT_TRUE(wait_until([&] { return counts().dead == 1; }));
  EXPECT_EQ(server_->count(), 6);
  EXPECT_GE(since(begun), milliseconds(50 + 100 + 200 + 400 + 500));
}

TEST_F(DeliveryTest, WhatWasSentIsNotSentAgainWhileTheDatabaseTakesNothing) {
  std::promise<void> got, gate;
  auto opened = gate.get_future().share();
  std::atomic<int> requests{0};
  start([&, opened](const auto&, Answering& a) {
    if (++requests == 1) got.set_value();
    opened.wait();
    a.reply(200, "");
  });
  const int64_t second = add("two", "hook", "another room");
  deliverer_->deliver(add("one"));
  got.get_future().wait();
  SQLite::Database other(folder_ / "a.db", SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  gate.set_value();
  ASSERT_TRUE(wait_until([&] { return !ledger_->last_commit(); }));
  deliverer_->deliver(second);
  std::this_thread::sleep_for(milliseconds(2500));  // time to do what must not be
  EXPECT_EQ(server_->count(), 1) << "neither again, nor another whose outcome could not be kept";
  other.exec("ROLLBACK");
  ASSERT_TRUE(wait_until([&] { return counts().open == 0; }));
  EXPECT_EQ(server_->count(), 2);
}

TEST_F(DeliveryTest, WhatCannotBeWrittenDownIsSentOnceAndHoldsNobody) {
  start([](const auto&, Answering& a) { a.reply(200, ""); });
  const int64_t id = add("one");
  {
    SQLite::Database other(folder_ / "a.db", SQLite::OPEN_READWRITE);
    other.exec(
        "CREATE TRIGGER refuses BEFORE UPDATE ON outbox WHEN old.id=1 "
        "BEGIN SELECT RAISE(ABORT, 'refused'); END");
  }
  deliverer_->deliver(id);
  deliverer_->deliver(add("two"));
  ASSERT_TRUE(wait_until([&] { return counts().open == 1; }));
  deliverer_->resume();
  deliverer_->deliver(id);
  deliverer_->deliver(add("three"));
  ASSERT_TRUE(wait_until([&] { return server_->count() == 3 && counts().open == 1; }));
  EXPECT_EQ(nlohmann::json::parse(server_->received().back().body)["text"], "three");
}

TEST_F(DeliveryTest, TakesUpWhatCouldNotBeReadAtFirst) {
  start([](const auto&, Answering& a) { a.reply(200, ""); });
  const int64_t id = add("hello");
  SQLite::Database other(folder_ / "a.db", SQLite::OPEN_READWRITE);
  for (int i = 0; i < 2; ++i) {
    other.exec("ALTER TABLE outbox RENAME TO elsewhere");
    i == 0 ? deliverer_->deliver(id) : deliverer_->resume();
    other.exec("ALTER TABLE elsewhere RENAME TO outbox");
    ASSERT_TRUE(wait_until([&] { return counts().open == 0; })) << i;
    add("another");
  }
}

TEST_F(DeliveryTest, WhatCrashedTheProcessBeforeBecomesADeadLetterUnsent) {
  start([](const auto&, Answering& a) { a.reply(200, ""); });
  add("poison");
  const int64_t row = 1;
  for (int i = 0; i < UnderWay::kMostStrikes; ++i)
    under_way_.begin(UnderWay::Kind::kDelivery, row).ticket.strike();
  deliverer_->resume();
  ASSERT_TRUE(wait_until([&] { return counts().dead == 1; }));
  EXPECT_EQ(server_->count(), 0);
  // Opened again by an operator, it has its attempts anew.
  ASSERT_TRUE(ledger_->write([](Transaction& t) { t.outbox().replay(); }));
  deliverer_->resume();
  ASSERT_TRUE(wait_until([&] { return counts().open == 0 && counts().dead == 0; }));
  EXPECT_EQ(server_->count(), 1);
}

TEST_F(DeliveryTest, KeepsTheOrderWithinAConversation) {
  std::atomic<int> attempts{0};
  start([&](const auto&, Answering& a) { a.reply(++attempts % 3 == 0 ? 200 : 503, ""); });
  for (int i = 0; i < 6; ++i) add("text " + std::to_string(i));
  deliverer_->resume();
  ASSERT_TRUE(wait_until([&] { return counts().open == 0; }));
  std::vector<std::string> texts;
  for (const auto& got : server_->received()) {
    const auto text = nlohmann::json::parse(got.body)["text"].get<std::string>();
    if (texts.empty() || texts.back() != text) texts.push_back(text);
  }
  EXPECT_THAT(texts,
              testing::ElementsAre("text 0", "text 1", "text 2", "text 3", "text 4", "text 5"));
}

TEST_F(DeliveryTest, GivesUpAtOnceWhenItIsHopelessAndCanBeReplayed) {
  std::atomic<int> status{404};
  start([&](const auto&, Answering& a) { a.reply(status, ""); });
  deliverer_->deliver(add("hello"));
  ASSERT_TRUE(wait_until([&] { return counts().dead == 1; }));
  EXPECT_EQ(server_->count(), 1);
  EXPECT_EQ(
      ledger_->read<std::string>([](Transaction& t) { return t.outbox().dead(1).front().error; }),
      "HTTP status 404");
  status = 200;
  ASSERT_TRUE(ledger_->write([](Transaction& t) { t.outbox().replay(); }));
  deliverer_->resume();
  ASSERT_TRUE(wait_until([&] { return counts().open == 0 && counts().dead == 0; }));
  EXPECT_EQ(server_->count(), 2);
}

TEST_F(DeliveryTest, GivesUpAfterItsAttempts) {
  config_.max_attempts = 3;
  start([&](const auto&, Answering& a) { a.reply(500, ""); });
  deliverer_->deliver(add("hello"));
  ASSERT_TRUE(wait_until([&] { return counts().dead == 1; }));
  EXPECT_EQ(server_->count(), 3);
}

TEST_F(DeliveryTest, AReplyOfAChannelThatIsGoneBecomesADeadLetter) {
  start([&](const auto&, Answering& a) { a.reply(200, ""); });
  deliverer_->deliver(add("hello", "removed"));
  ASSERT_TRUE(wait_until([&] { return counts().dead == 1; }));
}

TEST_F(DeliveryTest, AStopInTheMiddleLosesNothingAndCountsAsNoAttempt) {
  std::atomic<bool> begun{false};
  start([&](const auto&, Answering& a) {
    begun = true;
    a.wait_until_closed();
  });
  deliverer_->deliver(add("hello"));
  ASSERT_TRUE(wait_until([&] { return begun.load(); }));
  const SteadyTime before = steady_now();
  stop();
  EXPECT_LT(since(before), config_.timeout);
  EXPECT_EQ(ledger_->read<int>([](Transaction& t) { return t.outbox().get_open(1)->attempts; }), 0);
}

TEST_F(DeliveryTest, WhatWasNotTriedStaysSuspect) {
  std::atomic<bool> begun{false};
  start([&](const auto&, Answering& a) {
    begun = true;
    a.wait_until_closed();
  });
  const int64_t id = add("hello");
  const auto strike = [&] {
    return under_way_.begin(UnderWay::Kind::kDelivery, 1).ticket.strike();
  };
  for (int i = 0; i < UnderWay::kMostStrikes - 1; ++i) strike();
  deliverer_->deliver(id);
  ASSERT_TRUE(wait_until([&] { return begun.load(); }));
  stop();
  EXPECT_TRUE(strike()) << "the stop came between";
}

// Its platform tells the whole app to wait.
class Pausing : public Channel {
 public:
  explicit Pausing(std::shared_ptr<const Channel> base) : base_(std::move(base)) {}
  Result<Reading> receive(const WebhookRequest& request) const override {
    return base_->receive(request);
  }
  HttpRequest render(const Reply& reply, const std::string& token, int64_t now) const override {
    return base_->render(reply, token, now);
  }
  Delivery judge(const HttpReply&) const override {
    return {Delivery::Outcome::kRetry, "wait", milliseconds(60000), true};
  }

 private:
  const std::shared_ptr<const Channel> base_;
};

TEST_F(DeliveryTest, WhatWaitsForItsChannelStaysSuspect) {
  config_.parallel = 1;  // one after the other
  start([](const auto&, Answering& a) { a.reply(200, ""); });
  add_other();
  ChannelEntry pausing = *channels_.find("hook");
  pausing.channel = std::make_shared<Pausing>(pausing.channel);
  pausing.is_retired = std::make_shared<std::atomic<bool>>(false);
  channels_.put(pausing);
  const auto strike = [&] {
    return under_way_.begin(UnderWay::Kind::kDelivery, 2).ticket.strike();
  };
  for (int i = 0; i < UnderWay::kMostStrikes - 1; ++i) strike();
  const int64_t first = add("pauses"), second = add("waits", "hook", "another room");
  deliverer_->deliver(first);
  ASSERT_TRUE(wait_until([&] { return server_->count() == 1; }));
  deliverer_->deliver(second);
  deliverer_->deliver(add("goes", "other", "a third room"));
  ASSERT_TRUE(wait_until([&] { return server_->count() == 2; }));
  EXPECT_TRUE(strike());
}

TEST_F(DeliveryTest, APlatformThatDoesNotAnswerLeavesRoomForTheOthers) {
  config_.parallel = 4;
  start([](const test::Received& got, Answering& a) {
    if (got.body.find("silent") != std::string::npos) {
      a.wait_until_closed();
    } else {
      a.reply(200, "");
    }
  });
  add_other();
  for (int i = 0; i < 20; ++i) add("silent", "hook", "room " + std::to_string(i));
  for (int i = 0; i < 20; ++i) add("hello", "other", "room " + std::to_string(i));
  const SteadyTime begun = steady_now();
  deliverer_->resume();
  ASSERT_TRUE(wait_until([&] { return counts().open == 20; }));
  EXPECT_LT(since(begun), config_.timeout);
  EXPECT_EQ(deliverer_->depth().running, 2) << "half of them";
}

TEST_F(DeliveryTest, AStopEndsInTimeThoughATokenDoesNotCome) {
  start([](const auto&, Answering& a) { a.wait_until_closed(); });
  channels_.put(test::entry_of("platform", server_->url(), http_, 20s));
  for (int i = 0; i < 20; ++i) add("hello", "platform", "room " + std::to_string(i));
  deliverer_->resume();
  ASSERT_TRUE(wait_until([&] { return deliverer_->depth().running == config_.parallel / 2; }));
  ASSERT_TRUE(wait_until([&] { return server_->count() == 1; })) << "one fetch for all";
  const SteadyTime begun = steady_now();
  stop();
  EXPECT_EQ(server_->count(), 1);
  EXPECT_LT(since(begun), Lanes::kGiveUp + 1s);
  EXPECT_EQ(deliverer_->depth().running, 0);
  EXPECT_EQ(ledger_->read<int>([](Transaction& t) { return t.outbox().get_open(1)->attempts; }), 0);
}

TEST_F(DeliveryTest, AnExpiredTokenIsReplacedAndNoFailure) {
  std::atomic<int> tokens{0};
  start([&](const test::Received& got, Answering& a) {
    if (got.line.starts_with("POST /token")) return a.reply(200, "t" + std::to_string(++tokens));
    a.reply(got.headers.at("authorization") == "t1" ? 401 : 200, "m7");
  });
  channels_.put(test::entry_of("platform", server_->url(), http_, 20s));
  deliverer_->deliver(add("hello", "platform"));
  ASSERT_TRUE(wait_until([&] { return counts().open == 0; }));
  EXPECT_EQ(tokens, 2);
  EXPECT_EQ(server_->count(), 4);
}

TEST_F(DeliveryTest, AWayThatIsClosedIsNoFailureWhereThereIsAnother) {
  start([&](const test::Received& got, Answering& a) {
    const auto has = [&](const char* text) { return got.line.find(text) != std::string::npos; };
    if (has("/token")) return a.reply(200, "t");
    if (has("DELETE")) return a.reply(200, "");
    if (has("PUT")) return a.reply(400, "");  // it can't be edited any more
    if (!has("?plain")) return a.reply(406, "");
    if (!has("?outside")) return a.reply(410, "");
    a.reply(has("?there") ? 200 : 308, "?there");
  });
  channels_.put(test::entry_of("platform", server_->url(), http_, 20s));
  const int64_t id = add("hello", "platform");
  ASSERT_TRUE(ledger_->write([&](Transaction& t) { t.inbox().set_draft(id, "m1"); }));
  deliverer_->deliver(id);
  ASSERT_TRUE(wait_until([&] { return counts().open == 0 && server_->count() == 7; }));
  EXPECT_EQ(counts().dead, 0);
  std::vector<std::string> lines;
  for (const auto& got : server_->received())
    lines.push_back(got.line.substr(0, got.line.rfind(' ')));
  EXPECT_THAT(lines, testing::ElementsAre("POST /token", "PUT /send/m1", "POST /send",
                                          "POST /send?plain", "POST /send?plain?outside",
                                          "POST /send?plain?outside?there", "DELETE /send/m1"))
      << "the draft, which ends in …, does not stay";
}

TEST_F(DeliveryTest, TheSameWayTwiceIsTheEndOfIt) {
  start([&](const test::Received& got, Answering& a) {
    a.reply(got.line.find("/token") != std::string::npos ? 200 : 406, "t");
  });
  channels_.put(test::entry_of("platform", server_->url(), http_, 20s));
  deliverer_->deliver(add("hello", "platform"));
  ASSERT_TRUE(wait_until([&] { return counts().dead == 1; }));
  EXPECT_EQ(server_->count(), 3) << "the token, as it is, and plain";
}

TEST_F(DeliveryTest, WhatThePlatformRefusesUsWaitsForTheOperator) {
  config_.max_attempts = 2;
  std::atomic<bool> refuses{true};
  start([&](const test::Received& got, Answering& a) {
    a.reply(got.line.find("/send") != std::string::npos && refuses ? 403 : 200, "t");
  });
  channels_.put(test::entry_of("platform", server_->url(), http_, 20s));
  const auto state = [&] { return channels_.find("platform")->sending->get().kind; };
  deliverer_->deliver(add("hello", "platform"));
  ASSERT_TRUE(wait_until([&] { return server_->count() > 5; })) << "more often than max_attempts";
  EXPECT_EQ(state(), ConnectionState::Kind::kRefused);
  EXPECT_EQ(counts().dead, 0);
  refuses = false;
  ASSERT_TRUE(wait_until([&] { return counts().open == 0; }));
  EXPECT_TRUE(wait_until([&] { return state() == ConnectionState::Kind::kConnected; }));
  EXPECT_EQ(counts().dead, 0);
}

TEST_F(DeliveryTest, OfAnAnswerWithAHoleTheRestIsNotSentAndThePersonIsToldOnce) {
  std::atomic<bool> refuses{true};
  start([&](const test::Received& got, Answering& a) {
    a.reply(refuses && got.body.find("two") != std::string::npos ? 404 : 200, "");
  });
  const Event event{"hook", "e1", "room", "anna", "怎么做？", "r", 1};
  ASSERT_TRUE(ledger_->write([&](Transaction& t) {
    t.inbox().add(event);
    t.outbox().add(1, event, Outbox::Kind::kNotice, {"wait"}, false);
    t.outbox().add(1, event, Outbox::Kind::kAnswer, {"one", "two", "three", "four"}, false);
  }));
  const auto texts = [&] {
    std::vector<std::string> texts;
    for (const auto& got : server_->received())
      texts.push_back(nlohmann::json::parse(got.body)["text"].get<std::string>());
    return texts;
  };
  deliverer_->resume();
  ASSERT_TRUE(wait_until([&] { return counts().open == 0; }));
  const auto told = testing::HasSubstr("其余部分也不再发送");
  EXPECT_THAT(texts(), testing::ElementsAre("wait", "one", "two", told));
  EXPECT_EQ(counts().dead, 3);
  ASSERT_TRUE(wait_until([&] { return deliverer_->depth().lanes == 0; }));
  // Opened again by an operator, and refused again.
  for (const bool still : {true, false}) {
    refuses = still;
    ASSERT_TRUE(ledger_->write([](Transaction& t) { t.outbox().replay(); }));
    deliverer_->resume();
    ASSERT_TRUE(wait_until([&] { return counts().open == 0 && deliverer_->depth().lanes == 0; }));
  }
  EXPECT_THAT(texts(),
              testing::ElementsAre("wait", "one", "two", told, "two", "two", "three", "four"));
  EXPECT_EQ(counts().dead, 0);
}

TEST_F(DeliveryTest, AnAnswerOfOnePartThatIsRefusedIsNotFollowedByANotice) {
  start([](const auto&, Answering& a) { a.reply(404, ""); });
  deliverer_->deliver(add("hello"));
  ASSERT_TRUE(wait_until([&] { return counts().dead == 1; }));
  EXPECT_EQ(counts().open, 0);
}

// The time is the test's.
class TimedDeliveryTest : public DeliveryTest {
 protected:
  void start(SocketServer::Handler handler) {
    DeliveryTest::start(std::move(handler));
    deliver_by(timed_, clock_);
  }
  void TearDown() override {
    deliverer_->stop(clock_.now());
    timed_.stop();
    DeliveryTest::TearDown();
  }

  test::FakeClock clock_;
  Executor timed_{{"timed"}, clock_};
};

TEST_F(TimedDeliveryTest, AClockThatIsSetBackMakesNothingWaitLonger) {
  start([&](const auto&, Answering& a) {
    a.reply(server_->count() == 1 ? 429 : 200, "", "Retry-After: 60\r\n");
  });
  deliverer_->deliver(add("hello"));
  ASSERT_TRUE(wait_until([&] { return timed_.depth().timed == 1; }));
  clock_.set_unix(clock_.unix_ms() - 3'600'000);
  clock_.advance(60s);
  ASSERT_TRUE(wait_until([&] { return counts().open == 0; }));
  EXPECT_EQ(server_->count(), 2);
}

TEST_F(TimedDeliveryTest, FindsWhatNobodyHintedAt) {
  start([](const auto&, Answering& a) { a.reply(200, ""); });
  deliverer_->resume();
  ASSERT_TRUE(wait_until([&] { return timed_.depth().timed == 1; }));
  for (int i = 1; i <= 2; ++i) {
    add("hello");
    clock_.advance(OutboxReader::kEvery);
    ASSERT_TRUE(wait_until([&] { return counts().open == 0; })) << i;
  }
  EXPECT_EQ(server_->count(), 2);
}

}  // namespace
}  // namespace ai_bot
