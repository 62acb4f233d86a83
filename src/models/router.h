// Which model answers: a chain made of a tier's models and the fallback, a circuit breaker for
// each, and repeats only while nothing was streamed yet.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/breaker.h"
#include "models/config.h"
#include "models/model.h"

namespace ai_bot {

// One attempt on one model, for metrics and logs.
struct Attempt {
  std::string model;
  std::string request_id;
  Result<ChatEnd> outcome;
};

class Router {
 public:
  using OnAttempt = std::function<void(const Attempt&)>;

  Router(std::vector<std::unique_ptr<Model>> models, RouterConfig config, OnAttempt on_attempt);

  // The models to try for a name: a tier, a model's name, or "ai_bot" and "" for the default tier.
  // Fails with the known names.
  Result<std::vector<Model*>> chain(const std::string& name) const;

  // Answers with the first model of the chain that works. on_end's error is that of the last
  // attempt. A prompt that is too long (kContextOverflow) ends the chain at once. Only what says
  // that a model is broken for everybody counts for its breaker: kUnavailable, kTimeout and
  // kInternal of a model that was up, unless it asks for a pause (Error::retry_after), which it
  // gets.
  void chat(const std::string& name, ChatRequest request, ChatSink sink);

  // Hands over whether any model takes images (Model::look); once, on any thread, perhaps at once.
  void look(std::function<void(bool sees)> then) const;

  // True while no model of the chain can be asked yet, but one is on its way up: starting, started
  // again after a crash, or about to be.
  bool is_starting(const std::string& name) const;

  // True while some model of the chain is up and its breaker lets it be asked.
  bool is_usable(const std::string& name) const;

  // Names people may use: tiers that have models, then models.
  std::vector<std::string> names() const;

  struct Member {
    Model* model;
    Breaker::State breaker;
    ModelStatus status;
    milliseconds pause;  // left of one that the other side asked for (Retry-After); 0: none
  };
  std::vector<Member> members() const;

 private:
  struct Entry {
    std::unique_ptr<Model> model;
    std::unique_ptr<Breaker> breaker;
    // Of the model when the breaker was last looked at: a process that was started again has a
    // clean slate.
    std::unique_ptr<std::atomic<int64_t>> restarts = std::make_unique<std::atomic<int64_t>>(0);
    // The endpoint refused our key, and has not answered since.
    std::unique_ptr<std::atomic<bool>> key_refused = std::make_unique<std::atomic<bool>>(false);
  };
  struct Run;

  Entry* find(const std::string& name) const;
  static Breaker& breaker_of(const Entry& entry, const ModelStatus& status);
  bool is_usable(const Model& model) const;
  static std::optional<Breaker::Ticket> leave_to_ask(Run& run, const Entry& entry);
  void try_next(const std::shared_ptr<Run>& run);
  void attempt(const std::shared_ptr<Run>& run, Entry& entry, Breaker::Ticket ticket);
  void finished(const std::shared_ptr<Run>& run, Entry& entry, Breaker::Ticket ticket,
                Result<ChatEnd> outcome);

  std::vector<Entry> entries_;
  const RouterConfig config_;
  const OnAttempt on_attempt_;
};

}  // namespace ai_bot
