// One question to a model, with the conversation before it: from the session's history to what is
// to be said and remembered. Holds no thread while it waits.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assistant/config.h"
#include "assistant/gate.h"
#include "assistant/recovery.h"
#include "core/executor.h"
#include "models/router.h"
#include "store/ledger.h"

namespace ai_bot {

// What people do to a turn that is under way.
struct TurnState {
  std::atomic<bool> stopped{false};     // /stop
  std::atomic<bool> begun_anew{false};  // /new: it does not belong to the conversation any more
};

struct Asked {
  std::string lane;
  std::string channel;
  std::string text;
  std::string model;        // empty: the session's, or the default
  Images images = {};       // for a model that sees; not remembered
  std::string notice = {};  // said before the answer
  std::string request_id;
  std::shared_ptr<TurnState> turn = std::make_shared<TurnState>();
  // True once nobody wants it any more: stopped, the asker gone, or ai_bot stops. Asked several
  // times a second, on any thread.
  std::function<bool()> over;
  // All optional, called on the model client's thread: what came, all that has come, and whether
  // the asker can take more now.
  std::function<void(std::string_view delta)> on_delta = nullptr;
  std::function<void(const std::string& text)> on_text = nullptr;
  std::function<bool()> ready = nullptr;
};

// What a turn leads to, before it is committed.
struct Outcome {
  std::string answer;
  Ledger::Task effect;  // on the session; may be empty
  ChatEnd end;
};

using Gates = std::unordered_map<const Model*, Gate>;

// What all questions share.
struct AskingNeeds {
  Ledger& ledger;
  Router& router;
  Executor& executor;
  Clock& clock;
  Gates& gates;
  Recovery& recovery;
};

class Asking : public std::enable_shared_from_this<Asking> {
 public:
  // Runs a step. When the step throws it is over: there is no outcome then.
  using Run = std::function<void(const std::function<void()>& step)>;
  using Then = std::function<void(Result<Outcome> outcome)>;

  Asking(const AskingNeeds& needs, std::shared_ptr<const AssistantConfig> config, Asked asked,
         Run run, Then then);

  // `then` is called once, on one of the executor's threads. An error: kCancelled when it was over
  // (but a /stop, which keeps what was said); kNotFound for an unknown model; otherwise why no
  // model could answer. What a model refuses for good is an answer that says so, unless somebody
  // reads along.
  void begin();

 private:
  void hop(const std::function<void()>& step);
  void hop_at(SteadyTime when, const std::function<void()>& step);
  void when_model_is_up();
  void count_tokens();
  void compose(const std::vector<int>& tokens);
  void enter_gate();
  void look_at_gate(Gate& gate);
  void chat();
  void hear(nlohmann::json& chunk);
  void say(std::string_view delta);
  void came(Result<ChatEnd> end);
  bool is_worth_repeating(const Error& error);
  void end(Result<ChatEnd> end);
  Ledger::Task remember() const;

  const AskingNeeds needs_;
  const std::shared_ptr<const AssistantConfig> config_;
  const Asked asked_;
  const Run run_;
  const Then then_;
  SteadyTime patience_;  // until then a model that starts is waited for
  Sessions::Session session_;
  Images images_;
  std::string name_;  // of the model or tier that is asked
  int attempt_ = 0;

  // Of one attempt.
  Model* first_ = nullptr;  // of the chain
  ChatRequest request_;
  Gate* gate_ = nullptr;
  std::atomic<bool> waits_at_gate_{false};
  std::string text_;
  std::atomic<bool> cut_{false};
  bool guide_stands_in_ = false;
  std::string answering_;  // the model
};

}  // namespace ai_bot
