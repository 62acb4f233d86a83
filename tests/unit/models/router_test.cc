#include "models/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "support/scripted_model.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using test::fails;
using test::says;
using test::ScriptedModel;
using test::wait_until;
using testing::ElementsAre;

class RouterTest : public testing::Test {
 protected:
  ScriptedModel* add(const std::string& name, ScriptedModel::Script script) {
    auto model = std::make_unique<ScriptedModel>(name, std::move(script));
    ScriptedModel* raw = model.get();
    models_.push_back(std::move(model));
    return raw;
  }

  Router& router() {
    if (!router_) {
      router_ =
          std::make_unique<Router>(std::move(models_), config_, [this](const Attempt& attempt) {
            attempts_.push_back(attempt.model +
                                (attempt.outcome
                                     ? " ok"
                                     : std::string(" ") + name_of(attempt.outcome.error().code)));
          });
    }
    return *router_;
  }

  struct Answered {
    std::string text;
    Result<ChatEnd> end = fail(Code::kInternal, "", "");
  };
  Answered ask(const std::string& name = "") {
    Answered answered;
    std::promise<void> done;
    ChatSink sink;
    sink.on_chunk = [&](nlohmann::json& chunk) { answered.text += delta_text(chunk); };
    sink.on_end = [&](Result<ChatEnd> end) {
      answered.end = std::move(end);
      done.set_value();
    };
    router().chat(name, {{{"stream", true}}, "r"}, std::move(sink));
    done.get_future().wait();
    return answered;
  }

  std::vector<std::string> chain(const std::string& name) {
    std::vector<std::string> names;
    const auto models = router().chain(name);
    if (!models) return {models.error().text.en};
    for (const Model* model : *models) names.push_back(model->name());
    return names;
  }

  RouterConfig config_;
  std::vector<std::string> attempts_;
  std::vector<std::unique_ptr<Model>> models_;
  std::unique_ptr<Router> router_;
};

TEST_F(RouterTest, ChainsATierAModelAndTheFallback) {
  for (const char* name : {"small", "big", "spare"}) add(name, says(name));
  config_.tiers = {{"light", {"small"}}, {"large", {"big", "small"}}};
  config_.fallback = {"spare"};
  EXPECT_THAT(chain(""), ElementsAre("small", "spare"));
  EXPECT_THAT(chain("ai_bot"), ElementsAre("small", "spare"));
  EXPECT_THAT(chain("large"), ElementsAre("big", "small", "spare"));
  EXPECT_THAT(chain("big"), ElementsAre("big", "spare"));
  EXPECT_THAT(chain("spare"), ElementsAre("spare"));
  EXPECT_THAT(
      chain("huge"),
      ElementsAre("no model or tier is called 'huge'; known: light, large, small, big, spare"));
}

TEST_F(RouterTest, WithoutTiersEveryModelServes) {
  add("a", says("a"));
  add("b", says("b"));
  EXPECT_THAT(chain("light"), ElementsAre("a", "b"));
}

TEST_F(RouterTest, TheNextModelTakesOverWhenOneFails) {
  config_.retries = 1;
  add("a", fails(Code::kUnavailable));
  add("b", says("hello"));
  EXPECT_EQ(ask().text, "hello");
  EXPECT_THAT(attempts_, ElementsAre("a unavailable", "a unavailable", "b ok"));
}

TEST_F(RouterTest, ARateLimitOrAWrongKeyIsNotRepeatedOnTheSameModel) {
  add("a", fails(Code::kRateLimited));
  add("b", fails(Code::kUnauthorized));
  add("c", says("hello"));
  EXPECT_EQ(ask().text, "hello");
  EXPECT_THAT(attempts_, ElementsAre("a rate_limited", "b unauthorized", "c ok"));
}

TEST_F(RouterTest, NothingIsRepeatedOnceSomethingWasStreamed) {
  add("a",
      [](const ChatRequest&, const ChatSink&, const ScriptedModel::Say& say) -> Result<ChatEnd> {
        say("half");
        return fail(Code::kUnavailable, "fell over", "出错");
      });
  auto* b = add("b", says("hello"));
  const auto answered = ask();
  EXPECT_EQ(answered.text, "half");
  ASSERT_FALSE(answered.end);
  EXPECT_EQ(b->calls(), 0);
}

TEST_F(RouterTest, APromptTooLongAndAnAskerWhoLeftEndTheChain) {
  for (const Code code : {Code::kContextOverflow, Code::kCancelled}) {
    router_.reset();
    models_.clear();
    add("a", fails(code));
    auto* b = add("b", says("hello"));
    EXPECT_EQ(ask().end.error().code, code);
    EXPECT_EQ(b->calls(), 0);
  }
}

TEST_F(RouterTest, WhatOneModelRefusesTheNextMayTake) {
  config_.retries = 3;
  config_.breaker.failures = 1;
  for (const Code code :
       {Code::kInvalid, Code::kNotFound, Code::kUnauthorized, Code::kRateLimited}) {
    router_.reset();
    models_.clear();
    auto* a = add("a", fails(code));
    add("b", says("hello"));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask().text, "hello");
    EXPECT_EQ(a->calls(), 3) << "neither repeated nor closed to others";
    EXPECT_EQ(router().members()[0].status.problem.empty(), code != Code::kUnauthorized);
  }
}

TEST_F(RouterTest, AModelRestsAsLongAsItAsks) {
  config_.breaker.failures = 1;
  for (const Code code : {Code::kRateLimited, Code::kUnavailable}) {
    router_.reset();
    models_.clear();
    std::atomic<bool> busy{true};
    auto* a = add(
        "a",
        [&](const ChatRequest&, const ChatSink&, const ScriptedModel::Say& say) -> Result<ChatEnd> {
          if (busy) return fail(Error{code, {"later", "稍后"}, milliseconds(150)});
          say("a");
          return ChatEnd{};
        });
    EXPECT_EQ(ask().end.error().code, code);
    busy = false;
    const auto meanwhile = ask();
    ASSERT_FALSE(meanwhile.end);
    EXPECT_EQ(meanwhile.end.error().code, Code::kRateLimited);
    EXPECT_GT(meanwhile.end.error().retry_after, milliseconds(0));
    EXPECT_EQ(a->calls(), 1);
    EXPECT_TRUE(wait_until([&] { return router().is_usable("a"); }));
    EXPECT_EQ(ask().text, "a");
  }
}

TEST_F(RouterTest, AModelThatIsComingUpHasNotFailed) {
  config_.breaker.failures = 1;
  auto* a = add("a", fails(Code::kUnavailable));
  a->set_status({ModelState::kFailing, "", "it ended", 0, 0, true});
  ask();
  EXPECT_EQ(router().members()[0].breaker, Breaker::State::kClosed);
  EXPECT_TRUE(router().is_starting("a"));
  a->set_status({ModelState::kReady, "", "", 1, 0, false});
  EXPECT_FALSE(router().is_starting("a"));
  ask();
  EXPECT_EQ(router().members()[0].breaker, Breaker::State::kOpen);
  a->set_status({ModelState::kReady, "", "", 2, 0, false});
  EXPECT_TRUE(router().is_usable("a")) << "another process, a clean slate";
}

TEST_F(RouterTest, AnOpenBreakerSkipsTheModelUntilATrialSucceeds) {
  config_.retries = 0;
  config_.breaker.failures = 2;
  config_.breaker.open_for = 50ms;
  std::atomic<bool> broken{true};
  auto* a = add(
      "a",
      [&](const ChatRequest&, const ChatSink&, const ScriptedModel::Say& say) -> Result<ChatEnd> {
        if (broken) return fail(Code::kUnavailable, "down", "不可用");
        say("a again");
        return ChatEnd{};
      });
  add("b", says("b"));
  EXPECT_EQ(ask().text, "b");
  EXPECT_EQ(ask().text, "b");
  EXPECT_EQ(router().members()[0].breaker, Breaker::State::kOpen);
  EXPECT_EQ(ask().text, "b");
  EXPECT_EQ(a->calls(), 2);
  broken = false;
  EXPECT_TRUE(wait_until([&] { return router().is_usable("a"); }));
  EXPECT_EQ(ask().text, "a again");
  EXPECT_EQ(router().members()[0].breaker, Breaker::State::kClosed);
}

TEST_F(RouterTest, WhenAllFailTheLastErrorIsTold) {
  config_.retries = 0;
  add("a", fails(Code::kUnavailable));
  add("b", fails(Code::kTimeout));
  const auto answered = ask();
  ASSERT_FALSE(answered.end);
  EXPECT_EQ(answered.end.error().code, Code::kTimeout);
}

TEST_F(RouterTest, WhenAllRestTheAskerIsToldSo) {
  config_.retries = 0;
  config_.breaker.failures = 1;
  add("a", fails(Code::kUnavailable));
  ask();
  const auto answered = ask();
  ASSERT_FALSE(answered.end);
  EXPECT_EQ(answered.end.error().text.en, "every model is resting after failures");
}

TEST_F(RouterTest, SeesWhereAnyOfItsModelsDoes) {
  add("blind", says("a"));
  ScriptedModel* other = add("other", says("b"));
  const auto sees = [&] {
    std::promise<bool> looked;
    router().look([&](bool sees) { looked.set_value(sees); });
    return looked.get_future().get();
  };
  EXPECT_FALSE(sees());
  other->make_see();
  EXPECT_TRUE(sees());
}

}  // namespace
}  // namespace ai_bot
