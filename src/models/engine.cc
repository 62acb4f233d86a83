#include "models/engine.h"

#include <fmt/format.h>

#include "core/guarded.h"
#include "models/tokens.h"

namespace ai_bot {
LocalModel::LocalModel(ModelConfig config, EngineConfig engine, std::string socket_folder,
                       HttpClient& http)
    : config_(std::move(config)),
      engine_(std::move(engine)),
      socket_folder_(std::move(socket_folder)),
      http_(http),
      path_(config_.path),
      token_counts_(http) {}

LocalModel::~LocalModel() { stop(); }

void LocalModel::start() {
  {
    MutexLock lock(mutex_);
    state_ = ModelState::kStarting;
  }
  const auto top = [this] { guarded("engine.supervise", [this] { supervise(); }); };
  if (!guarded("engine.thread", [&] { thread_ = std::thread(top); }))
    note_crash("no thread to supervise it: too many threads or too little memory; restart ai_bot");
}

void LocalModel::stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LocalModel::stop_by(SteadyTime deadline) {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    stop_by_ = deadline;
  }
  wake_.notify_all();
}

void LocalModel::use(const std::string& path) {
  {
    MutexLock lock(mutex_);
    wanted_ = path;
  }
  wake_.notify_all();
}

void LocalModel::chat(ChatRequest request, ChatSink sink) {
  RunningPtr running;
  std::string why;
  {
    MutexLock lock(mutex_);
    running = current_;
    why = problem_.empty() ? "it is still starting" : problem_;
  }
  if (!running || running->exited) {
    return sink.on_end(fail(Code::kUnavailable,
                            fmt::format("model {} is not ready: {}", config_.name, why),
                            fmt::format("模型 {} 尚未就绪：{}", config_.name, why)));
  }
  running->markers.make_plain(request.body);
  if (running->lookup) {
    nlohmann::json& messages = request.body["messages"];
    messages = running->lookup->ground(messages);
  }
  send_as_seen(running->vision, config_.name, std::move(request), std::move(sink),
               [&http = http_, config = config_, running](ChatRequest asked, ChatSink to) {
                 Endpoint endpoint{std::string(kUnixBase) + "/v1", running->socket, running};
                 send_chat(http, config, std::move(endpoint), std::move(asked), std::move(to));
               });
}

bool LocalModel::sees() const {
  std::shared_ptr<const Vision> vision;
  {
    MutexLock lock(mutex_);
    if (current_) vision = current_->vision;
  }
  return vision && vision->sees();
}

bool LocalModel::is_guide() const {
  MutexLock lock(mutex_);
  return current_ && current_->lookup;
}

int LocalModel::context() const {
  MutexLock lock(mutex_);
  return current_ ? current_->plan.context : static_cast<int>(config_.context);
}

int LocalModel::parallel() const {
  MutexLock lock(mutex_);
  return current_ ? current_->plan.parallel : 0;
}

void LocalModel::count_tokens(std::vector<std::string> texts, Counted then) {
  RunningPtr running;
  {
    MutexLock lock(mutex_);
    running = current_;
  }
  if (!running) return then(estimate_tokens(texts));
  const auto ask = [running](const std::string& text, milliseconds limit) {
    HttpRequest request = request_to(running->socket, "/tokenize", limit);
    request.method = "POST";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = nlohmann::json{{"content", running->markers.as_plain_text(text)}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace);
    return request;
  };
  token_counts_.count(running->path, std::move(texts), ask, std::move(then));
}

ModelStatus LocalModel::status() const {
  MutexLock lock(mutex_);
  // It may have ended a moment ago, before supervise() has noticed.
  const bool gone = state_ == ModelState::kReady && (!current_ || current_->exited);
  return {gone ? ModelState::kFailing : state_,
          current_ ? current_->path : path_,
          problem_,
          restarts_,
          current_ && current_->child ? current_->child->pid() : 0,
          gone || recovering_};
}

}  // namespace ai_bot
