#include "assistant/assistant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "core/utf8.h"
#include "store/kept_write.h"
#include "store/ledger.h"
#include "support/test_assistant.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using test::AssistantTest;
using test::fails;
using test::says;
using test::ScriptedModel;
using test::wait_until;
using testing::HasSubstr;

TEST_F(AssistantTest, AnswersAnEventAndCommitsItWithItsReply) {
  model("m", says("hello"));
  start();
  const int64_t id = receive("hi");
  EXPECT_EQ(wait_for(id), "hello");
  EXPECT_EQ(ledger_->read<Inbox::State>([&](Transaction& t) { return t.inbox().get(id)->state; }),
            Inbox::State::kDone);
  EXPECT_EQ(*ledger_->read<std::optional<std::string>>(
                [&](Transaction& t) { return t.outbox().answer_to(id); }),
            "hello");
}

TEST_F(AssistantTest, RemembersTheConversationAndOnlyThisOne) {
  model("m", remembers("noted"));
  start();
  wait_for(receive("my name is Anna"));
  wait_for(receive("something private", "elsewhere"));
  wait_for(receive("what is my name?"));
  EXPECT_EQ(prompts_.back(),
            "system: Be brief.\nuser: my name is Anna\nassistant: noted\nuser: what is my name?\n");
}

TEST_F(AssistantTest, AnswersAConversationInOrder) {
  model("m",
        [](const ChatRequest& request, const ChatSink&,
           const ScriptedModel::Say& say) -> Result<ChatEnd> {
          say(request.body["messages"].back()["content"].get<std::string>());
          return ChatEnd{};
        });
  start();
  std::vector<int64_t> ids;
  for (int i = 0; i < 30; ++i) ids.push_back(receive("question " + std::to_string(i)));
  wait_for(ids.back());
  const auto session = ledger_->read<Sessions::Session>(
      [](Transaction& t) { return t.sessions().load("hook/room", 100); });
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(session->messages[2 * i].content, "question " + std::to_string(i));
}

TEST_F(AssistantTest, AnEventThatIsAcceptedTwiceIsAnsweredOnce) {
  auto* m = model("m", says("hello"));
  start();
  const int64_t id = receive("hi");
  assistant_->accept({id, "hook/room", 0}, "hi");
  assistant_->accept({id, "hook/room", 0}, "hi");
  wait_for(receive("bye"));
  EXPECT_EQ(m->calls(), 2);
}

TEST_F(AssistantTest, TellsThePersonInTheirLanguageWhenAllModelsFailAndAnswersLater) {
  std::atomic<bool> broken{true};
  model("m",
        [&](const ChatRequest&, const ChatSink&, const ScriptedModel::Say& say) -> Result<ChatEnd> {
          if (broken) return fail(Code::kUnavailable, "down", "不可用");
          say("回答");
          return ChatEnd{};
        });
  start();
  const int64_t id = receive("你好");
  ASSERT_TRUE(wait_until([&] {
    std::lock_guard lock(mutex_);
    return notices_[id].size() >= 2;  // tried again, the notice being sent once
  }));
  EXPECT_EQ(notices_[id][0], "抱歉，目前没有可用的模型。您的消息已保存，模型恢复后会立即回答。");
  EXPECT_EQ(ledger_->read<size_t>([&](Transaction& t) { return t.outbox().open_of(id).size(); }),
            1u);
  broken = false;
  EXPECT_EQ(wait_for(id), "回答");
}

TEST_F(AssistantTest, TheOneMessageAChannelTakesIsTheAnswer) {
  std::atomic<bool> broken{true};
  model("m",
        [&](const ChatRequest&, const ChatSink&, const ScriptedModel::Say& say) -> Result<ChatEnd> {
          if (broken) return fail(Code::kUnavailable, "down", "不可用");
          say("answer");
          return ChatEnd{};
        });
  start();
  const auto messages_of = [&](int64_t id) {
    return ledger_->read<size_t>([&](Transaction& t) { return t.outbox().open_of(id).size(); });
  };
  const int64_t id = receive("hi", "room", now_ms(), "once");
  ASSERT_TRUE(wait_until([&] { return notices_of(id).size() >= 2; }));
  const int64_t next = receive("and?", "room", now_ms(), "once");
  EXPECT_EQ(messages_of(id), 0u);
  broken = false;
  EXPECT_EQ(wait_for(id), "answer");
  EXPECT_EQ(wait_for(next), "answer");
  EXPECT_EQ(messages_of(id), 1u);
  EXPECT_EQ(messages_of(next), 1u);
}

TEST_F(AssistantTest, WhoIsGivenUpIsToldInTheOneMessage) {
  config_.retry_for = 1h;
  model("m", fails(Code::kUnavailable));
  start();
  const int64_t id = receive("hi", "room", now_ms() - 2 * 3600 * 1000, "once");
  ASSERT_TRUE(wait_until([&] { return state_of(id) == Inbox::State::kDead; }));
  EXPECT_EQ(ledger_->read<size_t>([&](Transaction& t) { return t.outbox().open_of(id).size(); }),
            1u);
}

TEST_F(AssistantTest, TheGuideSaysSoWhenItStandsInForAnotherModel) {
  model("big", fails(Code::kUnavailable));
  model("guide", says("hello"))->make_guide();
  start();
  EXPECT_EQ(wait_for(receive("hi")),
            "(The model you chose is not available: this is the small built-in guide.)\nhello");
  EXPECT_EQ(wait_for(receive("你好")), "（您选择的模型暂不可用，由内置的小向导代为回答。）\nhello");
  wait_for(receive("/model guide"));
  EXPECT_EQ(wait_for(receive("hi")), "hello");
}

TEST_F(AssistantTest, AModelThatSeesGetsTheImagesAndTheSessionDoesNot) {
  std::vector<Images> images;
  const auto looks = [&](const ChatRequest& request, const ChatSink&,
                         const ScriptedModel::Say& say) -> Result<ChatEnd> {
    images.push_back(request.images);
    say("a cat");
    return ChatEnd{};
  };
  model("m", looks)->make_see();
  has_files_ = true;
  files_.images = {std::make_shared<const std::string>("data:image/png;base64,AA==")};
  start();
  EXPECT_EQ(wait_for(receive("what is this?\n[image: image]")), "a cat");
  has_files_ = false;
  wait_for(receive("and now?"));
  ASSERT_EQ(images.size(), 2u);
  EXPECT_EQ(images[0], files_.images) << "the same, not copies";
  EXPECT_TRUE(images[1].empty());
  const auto session = ledger_->read<Sessions::Session>(
      [](Transaction& t) { return t.sessions().load("hook/room", 100); });
  EXPECT_EQ(session->messages[0].content, "what is this?\n[image: image]");
}

TEST_F(AssistantTest, NoImagesAreFetchedWhereNoModelSees) {
  Images images;
  model("m",
        [&](const ChatRequest& request, const ChatSink&,
            const ScriptedModel::Say& say) -> Result<ChatEnd> {
          images = request.images;
          say("fine");
          return ChatEnd{};
        });
  has_files_ = true;
  files_.images = {std::make_shared<const std::string>("data:image/png;base64,AA==")};
  start();
  EXPECT_EQ(wait_for(receive("[image: image]")), "fine");
  EXPECT_TRUE(images.empty());
}

TEST_F(AssistantTest, ImagesTakeTheirRoomInTheWindow) {
  auto* m = model("m", remembers("noted"));
  m->make_see();
  m->set_context(3000);
  start();
  wait_for(receive(std::string(4000, 'x')));
  has_files_ = true;
  files_.images = Images(2, std::make_shared<const std::string>("data:image/png;base64,AA=="));
  wait_for(receive("look"));
  EXPECT_EQ(prompts_.back(), "system: Be brief.\nuser: look\n");
  has_files_ = false;
  wait_for(receive("again"));
  EXPECT_THAT(prompts_.back(), testing::HasSubstr("xxx"));
}

TEST_F(AssistantTest, AnImageThatIsTooLongForTheModelIsLeftOut) {
  model("m",
        [](const ChatRequest& request, const ChatSink&,
           const ScriptedModel::Say& say) -> Result<ChatEnd> {
          if (!request.images.empty()) return fail(Code::kContextOverflow, "too long", "过长");
          say("words");
          return ChatEnd{};
        })
      ->make_see();
  has_files_ = true;
  files_.images = {std::make_shared<const std::string>("data:image/png;base64,AA==")};
  start();
  EXPECT_EQ(wait_for(receive("look")), "words");
}

TEST_F(AssistantTest, ThePersonHearsFirstWhatCouldNotBeRead) {
  model("m", says("hello"));
  has_files_ = true;
  files_.notice = "[a.txt was not read]\n";
  start();
  EXPECT_EQ(wait_for(receive("hi")), "[a.txt was not read]\n\nhello");
}

TEST_F(AssistantTest, AnEventThatStaysUnansweredGoesToTheDeadLettersAndItsConversationGoesOn) {
  config_.retry_for = 1h;
  model("m",
        [](const ChatRequest& request, const ChatSink&,
           const ScriptedModel::Say& say) -> Result<ChatEnd> {
          if (request.body["messages"].back()["content"] == "poison")
            return fail(Code::kUnavailable, "down", "不可用");
          say("fine");
          return ChatEnd{};
        });
  start();
  const int64_t poison = receive("poison", "room", now_ms() - 2 * 3600 * 1000);
  EXPECT_EQ(wait_for(receive("hello")), "fine");
  EXPECT_EQ(
      ledger_->read<Inbox::State>([&](Transaction& t) { return t.inbox().get(poison)->state; }),
      Inbox::State::kDead);
  EXPECT_EQ(notices_[poison].back(),
            "Sorry, no model could answer this message in time. Please send it again.");
}

TEST_F(AssistantTest, ATurnThatThrowsIsTriedThreeTimesThenBuriedAndTheOthersGoOn) {
  auto* poison = model("m",
                       [](const ChatRequest& request, const ChatSink&,
                          const ScriptedModel::Say& say) -> Result<ChatEnd> {
                         say(request.body["messages"].back()["content"].get<std::string>());
                         return ChatEnd{};
                       });
  start();
  const int64_t bad = receive("poison");
  const int64_t good = receive("hello");
  EXPECT_EQ(wait_for(good), "hello");
  const auto entry = *ledger_->read<std::optional<Inbox::Entry>>(
      [bad](Transaction& t) { return t.inbox().get(bad); });
  EXPECT_EQ(entry->state, Inbox::State::kDead);
  EXPECT_EQ(entry->error, "a mistake in ai_bot: std::runtime_error");
  EXPECT_EQ(poison->calls(), 4);
  std::lock_guard lock(mutex_);
  ASSERT_EQ(notices_[bad].size(), 1u);
  EXPECT_TRUE(notices_[bad].front().starts_with("Sorry, no model could answer"));
}

TEST_F(AssistantTest, ATurnThatCrashedTheProcessBeforeIsBuriedWithoutBeingTried) {
  auto* never = model("m", says("never"));
  start();
  const int64_t next = 1;
  for (int i = 0; i < UnderWay::kMostStrikes; ++i)
    under_way_.begin(UnderWay::Kind::kTurn, next).ticket.strike();
  ASSERT_EQ(receive("poison"), next);
  ASSERT_TRUE(wait_until([&] { return state_of(next) == Inbox::State::kDead; }));
  EXPECT_EQ(never->calls(), 0);
}

TEST_F(AssistantTest, WhileAWriteIsKeptAClientIsRefusedUnasked) {
  auto* asked = model("m", says("fine"));
  start();
  {
    KeptWrite kept;
    ASSERT_TRUE(kept.keep(*ledger_, {Code::kStorageFull, {"the disk is full", "磁盘已满"}}));
    ASSERT_TRUE(ledger_->write([](Transaction&) {})) << "a smaller one finds room";
    const auto refused = converse("hi").answer;
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kStorageFull);
  }
  EXPECT_EQ(asked->calls(), 0);
}

TEST_F(AssistantTest, ADamagedPlaceOfTheDatabaseHoldsNobodyForEver) {
  auto* asked = model("m", says("fine"));
  start();
  {
    // An index of the outbox leads into another table: writing there is SQLITE_CORRUPT.
    SQLite::Database other(folder_ / "a.db", SQLite::OPEN_READWRITE);
    other.exec("PRAGMA writable_schema=ON");
    other.exec(
        "UPDATE sqlite_schema SET rootpage=(SELECT rootpage FROM sqlite_schema WHERE "
        "name='message') WHERE name='outbox_open'");
    other.exec("PRAGMA schema_version=1000");
  }
  const int64_t bad = receive("hello");
  ASSERT_TRUE(wait_until([&] { return !ledger_->last_commit(); }));
  EXPECT_EQ(ledger_->last_commit().error().code, Code::kStorageDamaged);
  ASSERT_TRUE(wait_until([&] { return state_of(bad) == Inbox::State::kDead; }, 30s));
  ASSERT_TRUE(wait_until([&] { return ledger_->last_commit().has_value(); }));
  EXPECT_EQ(*converse("hi").answer, "fine") << "others go on";
  EXPECT_EQ(asked->calls(), 2);
}

class RefusedWrites : public AssistantTest, public testing::WithParamInterface<const char*> {};

TEST_P(RefusedWrites, BuryTheEntryAndTellThePerson) {
  auto* asked = model("m", says("fine"));
  start();
  {
    SQLite::Database other(folder_ / "a.db", SQLite::OPEN_READWRITE);
    other.exec(std::string("CREATE TRIGGER refuses BEFORE INSERT ON outbox WHEN ") + GetParam() +
               " BEGIN SELECT RAISE(ABORT, 'refused'); END");
  }
  const int64_t id = receive("你好");
  ASSERT_TRUE(wait_until([&] { return state_of(id) == Inbox::State::kDead; }));
  ASSERT_TRUE(wait_until([&] {
    std::lock_guard lock(mutex_);
    return notices_[id] == std::vector<std::string>{"抱歉，模型未能及时回答这条消息，请重新发送。"};
  }));
  const auto counts =
      *ledger_->read<Outbox::Counts>([](Transaction& t) { return t.outbox().count(); });
  EXPECT_EQ(counts.open, std::string(GetParam()) == "TRUE" ? 0 : 1) << "the notice";
  EXPECT_EQ(asked->calls(), 1);
}

INSTANTIATE_TEST_SUITE_P(Assistant, RefusedWrites, testing::Values("new.kind='answer'", "TRUE"));

class DamagedRows : public AssistantTest, public testing::WithParamInterface<const char*> {};

// Whatever stands in a row: it is answered or buried, and the conversation goes on.
TEST_P(DamagedRows, EndInADeadLetterAndTheConversationGoesOn) {
  model("m", says("fine"));
  start();
  const int64_t bad = insert("one");
  {
    SQLite::Database other(folder_ / "a.db", SQLite::OPEN_READWRITE);
    other.exec(std::string("UPDATE inbox SET ") + GetParam());
  }
  accept(bad);
  EXPECT_EQ(wait_for(receive("two")), "fine");
  EXPECT_EQ(state_of(bad), Inbox::State::kDead);
}

INSTANTIATE_TEST_SUITE_P(Assistant, DamagedRows,
                         testing::Values("attachments='x'", "attachments='{}'", "attachments='[1]'",
                                         "attachments='[[1,2,3,4]]'",
                                         "attachments='[[\"a\",\"b\",\"c\"]]'",
                                         "attachments='[[\"a\",\"b\",\"c\",\"d\"]]'",
                                         "attachments=x'00ff'", "attachments=cast(x'5b00' AS TEXT)",
                                         "attachments=7", "address='no json'", "address='[]'",
                                         "address=x'ff00ff'", "text=cast(x'fffe' AS TEXT)",
                                         "received_ms='yesterday'"));

TEST_F(AssistantTest, ADamagedSessionHarmsNoLaterQuestion) {
  model("m", remembers("fine"));
  start();
  EXPECT_EQ(wait_for(receive("one")), "fine");
  {
    SQLite::Database other(folder_ / "a.db", SQLite::OPEN_READWRITE);
    other.exec("UPDATE message SET role=x'ff', content=x'fffe00'");
    other.exec("INSERT INTO session (key, model, first_message) VALUES ('hook/room', 7, 'x')");
  }
  EXPECT_EQ(wait_for(receive("two")), "fine");
  EXPECT_EQ(prompts_.back(), "system: Be brief.\nuser: two\n");
}

TEST_F(AssistantTest, AClockThatWasSetBackDelaysNothingForYears) {
  model("m", says("fine"));
  start();
  const int64_t id = insert("one");
  assistant_->accept({id, lane_key("hook", "room"), INT64_MAX}, "one");
  EXPECT_EQ(wait_for(id), "fine");
}

TEST_F(AssistantTest, WhileTheDatabaseTakesNothingAnAnswerIsKeptAndNoOtherTurnBegins) {
  std::promise<void> asked, gate;
  auto opened = gate.get_future().share();
  auto* slow = model("m",
                     [&, opened](const ChatRequest&, const ChatSink&,
                                 const ScriptedModel::Say& say) -> Result<ChatEnd> {
                       if (++gated_ == 1) asked.set_value();
                       opened.wait();
                       say("fine");
                       return ChatEnd{};
                     });
  start();
  const int64_t second = insert("two", "other");
  const int64_t first = receive("one");
  asked.get_future().wait();
  SQLite::Database other(folder_ / "a.db", SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  gate.set_value();
  ASSERT_TRUE(wait_until([&] { return !ledger_->last_commit(); }));
  accept(second, "other");
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));  // time to do what must not be
  EXPECT_EQ(slow->calls(), 1);
  EXPECT_FALSE(answer_of(first));
  other.exec("ROLLBACK");
  EXPECT_EQ(wait_for(first), "fine");
  EXPECT_EQ(wait_for(second), "fine");
  EXPECT_EQ(slow->calls(), 2);
}

TEST_F(AssistantTest, TakesUpWhatCouldNotBeReadAtFirst) {
  model("m", says("fine"));
  start();
  const int64_t id = insert("one");
  SQLite::Database other(folder_ / "a.db", SQLite::OPEN_READWRITE);
  other.exec("ALTER TABLE inbox RENAME TO elsewhere");
  assistant_->resume();
  other.exec("ALTER TABLE elsewhere RENAME TO inbox");
  EXPECT_EQ(wait_for(id), "fine");
}

TEST_F(AssistantTest, AMessageTheModelFindsTooLongIsAnsweredSoAndNotRepeated) {
  auto* m = model("m", fails(Code::kContextOverflow));
  start();
  EXPECT_EQ(wait_for(receive("very long")),
            "This message is too long for the model. Please shorten it.");
  EXPECT_EQ(m->calls(), 1);
}

TEST_F(AssistantTest, AMiscountOfTokensFallsBackToTheQuestionAlone) {
  model("m",
        [](const ChatRequest& request, const ChatSink&,
           const ScriptedModel::Say& say) -> Result<ChatEnd> {
          if (request.body["messages"].size() > 2)
            return fail(Code::kContextOverflow, "too long", "太长");
          say("ok");
          return ChatEnd{};
        });
  start();
  EXPECT_EQ(wait_for(receive("one")), "ok");
  EXPECT_EQ(wait_for(receive("two")), "ok");
}

TEST_F(AssistantTest, KeepsTheWindowUnderTheModelsContext) {
  auto* m = model("m", remembers("yes"));
  m->set_context(80);
  start();
  for (int i = 0; i < 8; ++i) wait_for(receive("question number " + std::to_string(i)));
  const std::string& last = prompts_.back();
  EXPECT_TRUE(last.starts_with("system: Be brief.\n"));
  EXPECT_TRUE(last.ends_with("user: question number 7\n"));
  EXPECT_EQ(last.find("question number 0"), std::string::npos);
}

TEST_F(AssistantTest, NewBeginsAfresh) {
  model("m", remembers("noted"));
  start();
  wait_for(receive("one"));
  EXPECT_EQ(wait_for(receive("/new")), "A new conversation begins.");
  wait_for(receive("two"));
  EXPECT_EQ(prompts_.back(), "system: Be brief.\nuser: two\n");
}

TEST_F(AssistantTest, ModelShowsAndChoosesForThisConversation) {
  model("a", says("from a"));
  model("b", says("from b"));
  start();
  EXPECT_EQ(wait_for(receive("/model")), "Models: a, b. /model NAME chooses one.");
  EXPECT_EQ(wait_for(receive("/模型 b")), "本会话现在使用 b。");
  EXPECT_EQ(wait_for(receive("hi")), "from b");
  EXPECT_EQ(wait_for(receive("hi", "elsewhere")), "from a");
  EXPECT_EQ(wait_for(receive("/model c")), "no model or tier is called 'c'; known: a, b");
  EXPECT_EQ(wait_for(receive("hi")), "from b");
}

TEST_F(AssistantTest, StatusAndHelpNeedNoModel) {
  model("m", fails(Code::kUnavailable));
  start();
  EXPECT_TRUE(wait_for(receive("/status")).starts_with("ai_bot is running.\n- m: ready"));
  EXPECT_TRUE(wait_for(receive("/帮助")).starts_with("/帮助"));
  EXPECT_TRUE(wait_for(receive("/dance")).starts_with("I do not know this command."));
}

TEST_F(AssistantTest, StopEndsTheAnswerUnderWayAndKeepsWhatWasSaid) {
  std::atomic<bool> begun{false};
  model("m",
        [&](const ChatRequest&, const ChatSink& sink,
            const ScriptedModel::Say& say) -> Result<ChatEnd> {
          say("one");
          begun = true;
          while (!sink.abandoned()) std::this_thread::yield();
          return fail(Code::kCancelled, "cancelled", "已取消");
        });
  start();
  const int64_t long_one = receive("tell me everything");
  ASSERT_TRUE(wait_until([&] { return begun.load(); }));
  const int64_t stop = receive("/stop");
  EXPECT_EQ(wait_for(long_one), "one (stopped)");
  EXPECT_EQ(wait_for(stop), "The answer was stopped.");
  EXPECT_EQ(wait_for(receive("/stop")), "No answer is under way.");
}

TEST_F(AssistantTest, AnOrderlyStopParksATurnAndTheNextStartTakesItUp) {
  std::atomic<bool> begun{false}, slow{true};
  const auto script = [&](const ChatRequest&, const ChatSink& sink,
                          const ScriptedModel::Say& say) -> Result<ChatEnd> {
    say("part");
    begun = true;
    while (slow && !sink.abandoned()) std::this_thread::yield();
    if (slow) return fail(Code::kCancelled, "cancelled", "已取消");
    return ChatEnd{};
  };
  model("m", script);
  start();
  const auto strike = [&](int64_t row) {
    return under_way_.begin(UnderWay::Kind::kTurn, row).ticket.strike();
  };
  for (int i = 0; i < UnderWay::kMostStrikes - 1; ++i) strike(1);
  const int64_t id = receive("hi");
  ASSERT_TRUE(wait_until([&] { return begun.load(); }));
  assistant_->stop(steady_now() + milliseconds(10));
  EXPECT_FALSE(answer_of(id));
  EXPECT_TRUE(strike(id)) << "what was known against it still is";
  under_way_.forget(UnderWay::Kind::kTurn, id);
  EXPECT_EQ(ledger_->read<Inbox::State>([&](Transaction& t) { return t.inbox().get(id)->state; }),
            Inbox::State::kOpen);
  assistant_.reset();
  router_.reset();
  ledger_.reset();

  slow = false;
  model("m", script);
  start();
  const auto open = ledger_->read<std::vector<Inbox::Open>>(
      [](Transaction& t) { return t.inbox().open_after(0, 10); });
  ASSERT_EQ(open->size(), 1u);
  assistant_->accept(open->front(), "");
  EXPECT_EQ(wait_for(id), "part");
}

TEST_F(AssistantTest, AClientReadsAlongAndSharesItsConversation) {
  model("m", remembers("hello"));
  start();
  const Conversed first = converse("hi");
  EXPECT_EQ(*first.answer, "hello");
  EXPECT_EQ(first.streamed, "hello");
  converse("again");
  EXPECT_EQ(prompts_.back(), "system: Be brief.\nuser: hi\nassistant: hello\nuser: again\n");
  EXPECT_EQ(converse("/help").streamed, *converse("/help").answer);
}

TEST_F(AssistantTest, AClientHearsOfAFailureAndNothingIsRemembered) {
  model("m", fails(Code::kUnavailable));
  start();
  const Conversed failed = converse("hi");
  ASSERT_FALSE(failed.answer);
  EXPECT_EQ(failed.answer.error().code, Code::kUnavailable);
  EXPECT_TRUE(ledger_
                  ->read<Sessions::Session>(
                      [](Transaction& t) { return t.sessions().load("api/room", 10); })
                  ->messages.empty());
  EXPECT_EQ(converse("hi", "no-such-model").answer.error().code, Code::kNotFound);
}

TEST_F(AssistantTest, SaysHonestlyThatAModelRefused) {
  model("a", fails(Code::kInvalid));
  start();
  EXPECT_THAT(wait_for(receive("hi")), HasSubstr("The model's provider refused this message"));
  EXPECT_THAT(wait_for(receive("你好")), HasSubstr("模型服务方拒绝了这条消息"));
}

TEST_F(AssistantTest, AnAnswerWithoutEndIsCutAndStopped) {
  config_.max_answer = {1000};
  std::atomic<bool> stopped{false};
  model("a",
        [&](const ChatRequest&, const ChatSink& sink,
            const ScriptedModel::Say& say) -> Result<ChatEnd> {
          while (!sink.abandoned()) say("天地玄黄");
          stopped = true;
          return fail(Code::kCancelled, "stopped", "已停止");
        });
  start();
  const std::string answer = wait_for(receive("hi"));
  EXPECT_TRUE(stopped);
  EXPECT_LT(answer.size(), 1100u);
  EXPECT_TRUE(is_valid_utf8(answer));
  EXPECT_THAT(answer, HasSubstr("\n(The answer was longer than is allowed here and ends here.)"));
  EXPECT_THAT(wait_for(receive("你好", "other")),
              HasSubstr("\n（回答超出了允许的长度，到此为止。）"));
}

TEST_F(AssistantTest, AnEmptyAnswerDoesNotStayInTheConversation) {
  std::atomic<int> turn{0};
  model("a",
        [&](const ChatRequest& request, const ChatSink&,
            const ScriptedModel::Say& say) -> Result<ChatEnd> {
          for (const auto& message : request.body["messages"]) EXPECT_NE(message["content"], "");
          if (++turn > 1) say("hello");
          return ChatEnd{};
        });
  start();
  wait_for(receive("one"));
  EXPECT_EQ(wait_for(receive("two")), "hello");
}

}  // namespace
}  // namespace ai_bot
