// A whole assistant on a database of its own, with models that follow a script.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <map>

#include "assistant/assistant.h"
#include "store/sqlite/ledger.h"
#include "support/scripted_model.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot::test {

class AssistantTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.system_prompt = "Be brief.";
    config_.retry_min = 10ms;
    config_.retry_max = 20ms;
    router_config_.retries = 0;
    router_config_.breaker.failures = 1000;
  }
  void TearDown() override {
    if (assistant_) assistant_->stop({});
  }

  ScriptedModel* model(const std::string& name, ScriptedModel::Script script) {
    return add(std::make_unique<ScriptedModel>(name, std::move(script)));
  }
  template <class Kind>
  Kind* add(std::unique_ptr<Kind> made) {
    Kind* raw = made.get();
    models_.push_back(std::move(made));
    return raw;
  }

  Assistant& start() {
    ledger_ = std::move(*SqliteLedger::open({folder_ / "a.db"}));
    router_ = std::make_unique<Router>(std::move(models_), router_config_, [](const Attempt&) {});
    AssistantEvents events;
    events.holds_replies = [](const std::string&) { return false; };
    events.answers_once = [](const std::string& channel) { return channel == "once"; };
    events.compose = [](const std::string&, const std::string& answer) {
      if (answer == "poison") throw std::runtime_error("a mistake of ours");
      return std::vector<std::string>{answer};
    };
    events.answered = [this](int64_t id, const std::string& answer) {
      std::lock_guard lock(mutex_);
      answers_[id] = answer;
    };
    events.postponed = [this](int64_t id, const std::string& notice) {
      std::lock_guard lock(mutex_);
      notices_[id].push_back(notice);
    };
    events.files = [this](const Event&, bool sees, const std::function<bool()>&,
                          const std::function<void(FileContents)>& then) {
      FileContents files = files_;
      if (!sees) files.images.clear();
      then(std::move(files));
    };
    assistant_ = std::make_unique<Assistant>(*ledger_, under_way_, *router_, executor_, config_,
                                             std::move(events));
    return *assistant_;
  }

  int64_t insert(const std::string& text, const std::string& conversation = "room") {
    const Event event{"hook",  "e" + std::to_string(++events_), conversation, "anna", text, "r",
                      now_ms()};
    int64_t id = 0;
    EXPECT_TRUE(ledger_->write([&](Transaction& t) { id = t.inbox().add(event).id; }));
    return id;
  }
  void accept(int64_t id, const std::string& conversation = "room") {
    assistant_->accept({id, lane_key("hook", conversation), 0}, "");
  }
  Inbox::State state_of(int64_t id) {
    return (*ledger_->read<std::optional<Inbox::Entry>>(
                [id](Transaction& t) { return t.inbox().get(id); }))
        ->state;
  }

  int64_t receive(const std::string& text, const std::string& conversation = "room",
                  int64_t received_ms = now_ms(), const std::string& channel = "hook") {
    Event event{channel,    "e" + std::to_string(++events_), conversation, "anna", text, "r",
                received_ms};
    if (has_files_) event.attachments = {{"1", "", "image", 0}};
    Inbox::Added added;
    EXPECT_TRUE(ledger_->write([&](Transaction& t) { added = t.inbox().add(event); }));
    assistant_->accept({added.id, lane_key(channel, conversation), 0}, text);
    return added.id;
  }

  std::optional<std::string> answer_of(int64_t id) {
    std::lock_guard lock(mutex_);
    const auto at = answers_.find(id);
    return at == answers_.end() ? std::nullopt : std::optional(at->second);
  }
  std::vector<std::string> notices_of(int64_t id) {
    std::lock_guard lock(mutex_);
    return notices_[id];
  }
  std::string wait_for(int64_t id) {
    EXPECT_TRUE(wait_until([&] { return answer_of(id).has_value(); }));
    return answer_of(id).value_or("(none)");
  }

  struct Conversed {
    Result<std::string> answer = fail(Code::kInternal, "", "");
    std::string streamed;
  };
  Conversed converse(const std::string& text, const std::string& model = "",
                     std::function<bool()> abandoned = nullptr) {
    Conversed out;
    std::promise<void> done;
    Conversation conversation;
    conversation.lane = "api/room";
    conversation.text = text;
    conversation.model = model;
    conversation.abandoned = std::move(abandoned);
    conversation.on_delta = [&](std::string_view delta) { out.streamed += delta; };
    conversation.on_end = [&](Result<std::string> answer, const ChatEnd&) {
      out.answer = std::move(answer);
      done.set_value();
    };
    assistant_->converse(std::move(conversation));
    done.get_future().wait();
    return out;
  }

  // The prompt of each request, as "role: content" lines.
  ScriptedModel::Script remembers(const std::string& answer) {
    return [this, answer](const ChatRequest& request, const ChatSink&,
                          const ScriptedModel::Say& say) -> Result<ChatEnd> {
      std::string prompt;
      for (const auto& message : request.body["messages"]) {
        prompt += message["role"].get<std::string>() + ": " +
                  message["content"].get<std::string>() + "\n";
      }
      {
        std::lock_guard lock(mutex_);
        prompts_.push_back(prompt);
      }
      say(answer);
      return ChatEnd{};
    };
  }

  bool has_files_ = false;  // each message has some, which hold:
  FileContents files_;
  TempFolder folder_;
  AssistantConfig config_;
  RouterConfig router_config_;
  std::unique_ptr<Ledger> ledger_;
  UnderWay under_way_;
  std::atomic<int> gated_{0};
  std::unique_ptr<Router> router_;
  Executor executor_{{"test"}};
  std::unique_ptr<Assistant> assistant_;
  std::vector<std::unique_ptr<Model>> models_;
  std::mutex mutex_;
  std::map<int64_t, std::string> answers_;
  std::map<int64_t, std::vector<std::string>> notices_;
  std::vector<std::string> prompts_;
  int events_ = 0;
};

}  // namespace ai_bot::test
