#include "models/router.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/guarded.h"

namespace ai_bot {
namespace {

bool is_tier(const std::string& name) {
  return name == "light" || name == "medium" || name == "large";
}

bool is_broken(Code code) {
  return code == Code::kUnavailable || code == Code::kTimeout || code == Code::kInternal;
}

// What the outcome says about the model, told to its breaker.
void judge(Breaker::Ticket ticket, const Result<ChatEnd>& outcome, ModelState state) {
  if (outcome) return ticket.success();
  const Error& error = outcome.error();
  if (error.retry_after && (error.code == Code::kRateLimited || is_broken(error.code))) {
    ticket.rest(steady_now(), *error.retry_after);
  } else if (is_broken(error.code) && state == ModelState::kReady) {
    ticket.failure(steady_now());
  }
}

}  // namespace

// One request on its way through the chain.
struct Router::Run {
  std::vector<Entry*> chain;
  size_t next = 0;
  int64_t repeats_left = 0;
  ChatRequest request;
  ChatSink sink;
  bool streamed = false;
  Result<ChatEnd> last =
      fail(Code::kUnavailable, "every model is resting after failures", "所有模型均处于熔断状态");
};

Router::Router(std::vector<std::unique_ptr<Model>> models, RouterConfig config,
               OnAttempt on_attempt)
    : config_(std::move(config)), on_attempt_(std::move(on_attempt)) {
  for (auto& model : models) {
    Entry& entry = entries_.emplace_back();
    entry.model = std::move(model);
    entry.breaker = std::make_unique<Breaker>(config_.breaker);
  }
}

Router::Entry* Router::find(const std::string& name) const {
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& entry) { return entry.model->name() == name; });
  return at == entries_.end() ? nullptr : const_cast<Entry*>(&*at);
}

Result<std::vector<Model*>> Router::chain(const std::string& name) const {
  std::vector<Model*> chain;
  const auto add = [&](const std::string& model) {
    Entry* entry = find(model);
    if (entry == nullptr) return;
    Model* raw = entry->model.get();
    if (std::find(chain.begin(), chain.end(), raw) == chain.end()) chain.push_back(raw);
  };
  const std::string wanted = name.empty() || name == "ai_bot" ? config_.default_tier : name;
  if (is_tier(wanted)) {
    const auto tier = config_.tiers.find(wanted);
    if (tier != config_.tiers.end()) {
      for (const std::string& model : tier->second) add(model);
    } else if (config_.tiers.empty()) {
      for (const Entry& entry : entries_) add(entry.model->name());
    }
  } else {
    add(wanted);
  }
  const bool known = is_tier(wanted) || !chain.empty();
  if (!known) {
    return fail(
        Code::kNotFound,
        fmt::format("no model or tier is called '{}'; known: {}", name, fmt::join(names(), ", ")),
        fmt::format("没有名为“{}”的模型或层级；可用：{}", name, fmt::join(names(), ", ")));
  }
  for (const std::string& model : config_.fallback) add(model);
  return chain;
}

void Router::chat(const std::string& name, ChatRequest request, ChatSink sink) {
  const auto models = chain(name);
  if (!models) return sink.on_end(fail(models.error()));
  auto run = std::make_shared<Run>();
  for (const Model* model : *models) run->chain.push_back(find(model->name()));
  run->request = std::move(request);
  run->sink = std::move(sink);
  try_next(run);
}

void Router::look(std::function<void(bool sees)> then) const {
  // Gone with the last model that has looked.
  const std::shared_ptr<void> last(nullptr, [this, then = std::move(then)](void*) {
    guarded("router.look", [&] {
      then(std::any_of(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return entry.model->sees(); }));
    });
  });
  for (const Entry& entry : entries_) entry.model->look([last] {});
}

Breaker& Router::breaker_of(const Entry& entry, const ModelStatus& status) {
  if (entry.restarts->exchange(status.restarts) != status.restarts) entry.breaker->forget();
  return *entry.breaker;
}

std::optional<Breaker::Ticket> Router::leave_to_ask(Run& run, const Entry& entry) {
  Breaker& breaker = breaker_of(entry, entry.model->status());
  auto ticket = breaker.allow(steady_now());
  if (ticket) return ticket;
  const milliseconds pause = breaker.pause_left(steady_now());
  if (pause.count() > 0) {
    const auto& name = entry.model->name();
    run.last =
        fail(Error{Code::kRateLimited,
                   {fmt::format("model {} asked for a pause of {} ms more", name, pause.count()),
                    fmt::format("模型 {} 要求再等待 {} 毫秒", name, pause.count())},
                   pause});
  }
  return std::nullopt;
}

void Router::try_next(const std::shared_ptr<Run>& run) {
  while (run->next < run->chain.size()) {
    Entry& entry = *run->chain[run->next++];
    auto ticket = leave_to_ask(*run, entry);
    if (!ticket) continue;
    run->repeats_left = config_.retries;
    return attempt(run, entry, std::move(*ticket));
  }
  run->sink.on_end(std::move(run->last));
}

void Router::attempt(const std::shared_ptr<Run>& run, Entry& entry, Breaker::Ticket ticket) {
  ChatSink sink;
  sink.abandoned = run->sink.abandoned;
  sink.ready = run->sink.ready;
  sink.on_chunk = [run](nlohmann::json& chunk) {
    run->streamed = true;
    run->sink.on_chunk(chunk);
  };
  // A std::function must be copyable, a ticket is not.
  auto shared = std::make_shared<Breaker::Ticket>(std::move(ticket));
  sink.on_end = [this, run, &entry, shared](Result<ChatEnd> outcome) {
    finished(run, entry, std::move(*shared), std::move(outcome));
  };
  if (run->sink.on_model) run->sink.on_model(*entry.model);
  entry.model->chat(run->request, std::move(sink));
}

void Router::finished(const std::shared_ptr<Run>& run, Entry& entry, Breaker::Ticket ticket,
                      Result<ChatEnd> outcome) {
  on_attempt_({entry.model->name(), run->request.request_id, outcome});
  const ModelState state = entry.model->status().state;
  judge(std::move(ticket), outcome, state);
  if (outcome) {
    *entry.key_refused = false;
    return run->sink.on_end(std::move(outcome));
  }
  const Code code = outcome.error().code;
  if (code == Code::kUnauthorized) *entry.key_refused = true;
  if (run->streamed || code == Code::kCancelled || code == Code::kContextOverflow)
    return run->sink.on_end(std::move(outcome));
  run->last = std::move(outcome);
  const bool worth_repeating =
      (code == Code::kUnavailable || code == Code::kTimeout) && state == ModelState::kReady;
  if (worth_repeating && run->repeats_left-- > 0) {
    if (auto again = entry.breaker->allow(steady_now()))
      return attempt(run, entry, std::move(*again));
  }
  try_next(run);
}

bool Router::is_usable(const Model& model) const {
  const ModelStatus status = model.status();
  if (status.state != ModelState::kReady) return false;
  const Breaker& breaker = breaker_of(*find(model.name()), status);
  const SteadyTime now = steady_now();
  return breaker.state(now) != Breaker::State::kOpen && breaker.pause_left(now).count() == 0;
}

bool Router::is_starting(const std::string& name) const {
  const auto models = chain(name);
  if (!models) return false;
  bool starting = false;
  for (const Model* model : *models) {
    if (is_usable(*model)) return false;
    const ModelStatus status = model->status();
    starting |= status.state == ModelState::kStarting || status.recovering;
  }
  return starting;
}

bool Router::is_usable(const std::string& name) const {
  const auto models = chain(name);
  return models && std::any_of(models->begin(), models->end(),
                               [this](const Model* model) { return is_usable(*model); });
}

std::vector<std::string> Router::names() const {
  std::vector<std::string> names;
  for (const char* tier : {"light", "medium", "large"}) {
    if (config_.tiers.contains(tier)) names.emplace_back(tier);
  }
  for (const Entry& entry : entries_) names.push_back(entry.model->name());
  return names;
}

std::vector<Router::Member> Router::members() const {
  std::vector<Member> members;
  for (const Entry& entry : entries_) {
    ModelStatus status = entry.model->status();
    const SteadyTime now = steady_now();
    const Breaker& judged = breaker_of(entry, status);
    if (status.problem.empty() && *entry.key_refused)
      status.problem = "the endpoint refused the key (see model.attempt_failed in the log)";
    members.push_back(
        {entry.model.get(), judged.state(now), std::move(status), judged.pause_left(now)});
  }
  return members;
}

}  // namespace ai_bot
