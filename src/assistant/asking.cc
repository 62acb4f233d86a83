#include "assistant/asking.h"

#include <algorithm>

#include "assistant/texts.h"
#include "assistant/window.h"
#include "core/log.h"
#include "core/utf8.h"
#include "models/tokens.h"

namespace ai_bot {
namespace {

// How long a turn waits for a model that is starting or being restarted before the person is told.
constexpr milliseconds kModelPatience{10000};
constexpr milliseconds kStartInterval{50};
constexpr milliseconds kGateInterval{100};
// Before the second attempt: a process that died takes a moment to be seen as dead.
constexpr milliseconds kAttemptPause{200};
constexpr int kAttempts = 2;  // on the whole chain; nothing reached the asker yet
// Of one local model, for each answer it makes side by side: one that is made, one that comes next.
constexpr int kTurnsPerSlot = 2;

Error over_error() { return {Code::kCancelled, {"nobody waits for it", "已无人等待"}}; }

}  // namespace

Asking::Asking(const AskingNeeds& needs, std::shared_ptr<const AssistantConfig> config, Asked asked,
               Run run, Then then)
    : needs_(needs),
      config_(std::move(config)),
      asked_(std::move(asked)),
      run_(std::move(run)),
      then_(std::move(then)),
      patience_(needs.clock.now() + kModelPatience),
      images_(asked_.images) {}

void Asking::hop(const std::function<void()>& step) {
  const auto work = [self = shared_from_this(), step] { self->run_(step); };
  // Where too much waits already, here: a turn that is never over would hold its lane for ever.
  if (!needs_.executor.post(asked_.channel, work)) work();
}

void Asking::hop_at(SteadyTime when, const std::function<void()>& step) {
  needs_.executor.post_at(when, asked_.channel,
                          [self = shared_from_this(), step] { self->run_(step); });
}

void Asking::begin() {
  auto session = needs_.ledger.read<Sessions::Session>([this](Transaction& transaction) {
    return transaction.sessions().load(asked_.lane, static_cast<int>(config_->history_messages));
  });
  if (!session) return then_(fail(session.error()));
  session_ = std::move(*session);
  name_ = asked_.model.empty() ? session_.model : asked_.model;
  // A model that was chosen and has gone from the configuration must not make the session useless.
  if (asked_.model.empty() && !needs_.router.chain(name_)) name_.clear();
  when_model_is_up();
}

void Asking::when_model_is_up() {
  if (asked_.over()) return end(fail(over_error()));
  const SteadyTime now = needs_.clock.now();
  if (!needs_.router.is_starting(name_) || now >= patience_) return count_tokens();
  hop_at(now + kStartInterval, [this] { when_model_is_up(); });
}

void Asking::count_tokens() {
  const auto chain = needs_.router.chain(name_);
  if (!chain) return end(fail(chain.error()));
  if (chain->empty())
    return end(fail(Code::kUnavailable, "no model is configured for it", "未配置可用模型"));
  first_ = chain->front();
  std::vector<std::string> texts{config_->system_prompt, asked_.text};
  for (const ChatMessage& message : session_.messages) texts.push_back(message.content);
  first_->count_tokens(std::move(texts), [self = shared_from_this()](std::vector<int> tokens) {
    self->hop([self, tokens = std::move(tokens)] { self->compose(tokens); });
  });
}

void Asking::compose(const std::vector<int>& tokens) {
  const int image_tokens = first_->sees() ? kTokensOfImage * static_cast<int>(images_.size()) : 0;
  std::unordered_map<std::string_view, int> counts{{config_->system_prompt, tokens[0]},
                                                   {asked_.text, tokens[1] + image_tokens}};
  for (size_t i = 0; i < session_.messages.size(); ++i)
    counts.emplace(session_.messages[i].content, tokens[i + 2]);
  const int context = first_->context();
  const int answer_tokens =
      std::min<int>(static_cast<int>(config_->max_answer_tokens), context / 2);
  const ChatMessages window =
      fit_window(config_->system_prompt, session_.messages, asked_.text, context, answer_tokens,
                 [&](const std::string& text) { return counts.at(text); });
  request_.request_id = asked_.request_id;
  request_.images = images_;
  request_.body = {
      {"stream", true}, {"max_tokens", answer_tokens}, {"messages", nlohmann::json::array()}};
  for (const ChatMessage& message : window)
    request_.body["messages"].push_back({{"role", message.role}, {"content", message.content}});
  enter_gate();
}

void Asking::enter_gate() {
  const int slots = first_->parallel();
  const auto gate = needs_.gates.find(first_);
  if (slots == 0 || gate == needs_.gates.end()) return chat();
  Gate& its_gate = gate->second;
  gate_ = &its_gate;
  waits_at_gate_ = true;
  its_gate.enter(this, asked_.channel, slots * kTurnsPerSlot, [self = shared_from_this()] {
    self->waits_at_gate_ = false;
    self->hop([self] { self->chat(); });
  });
  if (waits_at_gate_) look_at_gate(its_gate);
}

// Beside the steps of the turn, which may go on or end meanwhile: only who has given up may step.
void Asking::look_at_gate(Gate& gate) {
  needs_.executor.post_at(needs_.clock.now() + kGateInterval, asked_.channel,
                          [self = shared_from_this(), &gate] {
                            if (!self->waits_at_gate_) return;
                            if (!self->asked_.over()) return self->look_at_gate(gate);
                            if (gate.give_up(self.get()))
                              self->run_([&] { self->end(fail(over_error())); });
                          });
}

void Asking::chat() {
  text_.clear();
  guide_stands_in_ = false;
  ChatSink sink;
  sink.abandoned = [self = shared_from_this()] { return self->cut_ || self->asked_.over(); };
  sink.ready = asked_.ready;
  sink.on_model = [this](const Model& model) {
    guide_stands_in_ = model.is_guide() && &model != first_;
    answering_ = model.name();
  };
  sink.on_chunk = [this](nlohmann::json& chunk) { hear(chunk); };
  sink.on_end = [self = shared_from_this()](const Result<ChatEnd>& result) {
    if (Gate* gate = std::exchange(self->gate_, nullptr)) gate->leave();
    self->hop([self, result] { self->came(result); });
  };
  needs_.router.chat(name_, std::move(request_), std::move(sink));
}

void Asking::hear(nlohmann::json& chunk) {
  const std::string_view delta = delta_text(chunk);
  if (delta.empty() || cut_) return;
  if (text_.empty()) {
    std::string before = asked_.notice.empty() ? "" : asked_.notice + "\n";
    if (guide_stands_in_) before += texts::in_language_of(texts::kGuideStandsIn, asked_.text);
    if (!before.empty()) say(before);
  }
  const auto most = static_cast<size_t>(config_->max_answer.count);
  cut_ = text_.size() + delta.size() > most;
  say(cut_ ? truncate_utf8(delta, most - std::min(most, text_.size())) : delta);
  if (cut_) say("\n" + texts::in_language_of(texts::kCut, asked_.text));
}

void Asking::say(std::string_view delta) {
  text_ += delta;
  if (asked_.on_delta) asked_.on_delta(delta);
  if (asked_.on_text) asked_.on_text(text_);
}

void Asking::came(Result<ChatEnd> result) {
  if (cut_ && !result) {  // we have ended it
    result = ChatEnd{};
    result->model = answering_;
  }
  if (result || asked_.over() || ++attempt_ >= kAttempts || !is_worth_repeating(result.error()))
    return end(std::move(result));
  hop_at(needs_.clock.now() + kAttemptPause, [this] { when_model_is_up(); });
}

bool Asking::is_worth_repeating(const Error& error) {
  if (error.code == Code::kContextOverflow && !(session_.messages.empty() && images_.empty())) {
    // The count was wrong: the question alone, and if that was it, its words alone.
    if (session_.messages.empty()) images_.clear();
    session_.messages.clear();
    return true;
  }
  return error.code == Code::kUnavailable && (!asked_.on_delta || text_.empty());
}

void Asking::end(Result<ChatEnd> result) {
  Outcome outcome;
  if (result) {
    needs_.recovery.answered(name_);
    outcome.end = *result;
  } else if (asked_.turn->stopped) {
    text_ += (text_.empty() ? "" : " ") + texts::in_language_of(texts::kStopped, asked_.text);
  } else if (const Text* reason = texts::final_reason(result.error().code);
             reason != nullptr && !asked_.on_delta) {
    log::warning("turn.refused_by_model", result.error().text.en,
                 {{"http.request.id", asked_.request_id}});
    outcome.answer = texts::in_language_of(*reason, asked_.text);
    return then_(std::move(outcome));
  } else {
    if (reason == nullptr && !asked_.over()) needs_.recovery.failed(name_);
    return then_(fail(result.error()));
  }
  outcome.answer = text_;
  // An empty turn in the history is refused by many endpoints, on every later turn.
  if (!trim(text_).empty()) outcome.effect = remember();
  then_(std::move(outcome));
}

Ledger::Task Asking::remember() const {
  return [lane = asked_.lane, question = asked_.text, answer = text_,
          turn = asked_.turn](Transaction& transaction) {
    if (!turn->begun_anew) transaction.sessions().append(lane, question, answer);
  };
}

}  // namespace ai_bot
