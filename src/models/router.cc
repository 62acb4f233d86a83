#include "models/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace ai_bot {
namespace {

constexpr milliseconds kUsableInterval{20};

bool is_tier(const std::string& name) {
  return name == "light" || name == "medium" || name == "large";
}

// The request itself is wrong: no other model, and no repeat, will do better.
bool is_askers_fault(Code code) { return code == Code::kInvalid || code == Code::kContextOverflow; }

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
    entries_.push_back({std::move(model), std::make_unique<Breaker>(config_.breaker)});
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

void Router::try_next(const std::shared_ptr<Run>& run) {
  while (run->next < run->chain.size()) {
    Entry& entry = *run->chain[run->next++];
    if (!entry.breaker->allow(steady_now())) continue;
    run->repeats_left = config_.retries;
    return attempt(run, entry);
  }
  run->sink.on_end(std::move(run->last));
}

void Router::attempt(const std::shared_ptr<Run>& run, Entry& entry) {
  ChatSink sink;
  sink.abandoned = run->sink.abandoned;
  sink.ready = run->sink.ready;
  sink.on_chunk = [run](nlohmann::json& chunk) {
    run->streamed = true;
    run->sink.on_chunk(chunk);
  };
  sink.on_end = [this, run, &entry](Result<ChatEnd> outcome) {
    finished(run, entry, std::move(outcome));
  };
  if (run->sink.on_model) run->sink.on_model(*entry.model);
  entry.model->chat(run->request, std::move(sink));
}

void Router::finished(const std::shared_ptr<Run>& run, Entry& entry, Result<ChatEnd> outcome) {
  on_attempt_({entry.model->name(), run->request.request_id, outcome});
  if (outcome) {
    entry.breaker->success();
    return run->sink.on_end(std::move(outcome));
  }
  const Code code = outcome.error().code;
  if (code == Code::kCancelled || is_askers_fault(code)) {
    entry.breaker->neither();
    return run->sink.on_end(std::move(outcome));
  }
  entry.breaker->failure(steady_now());
  if (run->streamed) return run->sink.on_end(std::move(outcome));
  run->last = std::move(outcome);
  const bool worth_repeating = code == Code::kUnavailable || code == Code::kTimeout;
  if (worth_repeating && run->repeats_left-- > 0 && entry.breaker->allow(steady_now())) {
    return attempt(run, entry);
  }
  try_next(run);
}

bool Router::is_usable(const Model& model) const {
  return model.status().state == ModelState::kReady &&
         find(model.name())->breaker->state(steady_now()) != Breaker::State::kOpen;
}

bool Router::is_starting(const std::string& name) const {
  const auto models = chain(name);
  if (!models) return false;
  bool starting = false;
  for (const Model* model : *models) {
    if (is_usable(*model)) return false;
    starting |= model->status().state == ModelState::kStarting;
  }
  return starting;
}

bool Router::wait_until_usable(const std::string& name, milliseconds patience,
                               const std::function<bool()>& stop) const {
  const auto models = chain(name);
  if (!models) return true;  // chat() will say what is wrong
  const SteadyTime begun = steady_now();
  for (;;) {
    for (const Model* model : *models) {
      if (is_usable(*model)) return true;
    }
    if (since(begun) >= patience || stop()) return false;
    std::this_thread::sleep_for(kUsableInterval);
  }
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
    members.push_back(
        {entry.model.get(), entry.breaker->state(steady_now()), entry.model->status()});
  }
  return members;
}

}  // namespace ai_bot
