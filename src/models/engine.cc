#include "models/engine.h"

#include <fmt/format.h>

#include "core/guarded.h"
#include "core/json.h"
#include "models/tokens.h"

namespace ai_bot {
namespace {

constexpr milliseconds kTokenizeTimeout{2000};
constexpr size_t kMostTokenCounts = 10000;  // remembered counts, about 100 bytes each

// What a text is remembered by: not the text itself, of which 10,000 may take a server's memory.
// Two texts of one key would share a count, which only makes a window's estimate wrong.
std::string token_key(const std::string& path, const std::string& text) {
  const std::hash<std::string> hash;
  return fmt::format("{:x}/{:x}/{}", hash(path), hash(text), text.size());
}

}  // namespace

LocalModel::LocalModel(ModelConfig config, EngineConfig engine, std::string socket_folder,
                       HttpClient& http)
    : config_(std::move(config)),
      engine_(std::move(engine)),
      socket_folder_(std::move(socket_folder)),
      http_(http),
      path_(config_.path) {}

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
  Endpoint endpoint{std::string(kUnixBase) + "/v1", running->socket, running};
  send_chat(http_, config_, std::move(endpoint), std::move(request), std::move(sink));
}

bool LocalModel::is_guide() const {
  MutexLock lock(mutex_);
  return current_ && current_->lookup;
}

int LocalModel::context() const {
  MutexLock lock(mutex_);
  return current_ ? current_->plan.context : static_cast<int>(config_.context);
}

int LocalModel::count_tokens(const std::string& text) {
  RunningPtr running;
  std::string key;
  {
    MutexLock lock(mutex_);
    running = current_;
    if (!running) return estimate_tokens(text);
    key = token_key(running->path, text);
    if (const auto at = token_counts_.find(key); at != token_counts_.end()) return at->second;
  }
  HttpRequest request = request_to(running->socket, "/tokenize", kTokenizeTimeout);
  request.method = "POST";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = nlohmann::json{{"content", running->markers.as_plain_text(text)}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto reply = http_.fetch(std::move(request));
  if (!reply || reply->status != 200) return estimate_tokens(text);
  const auto body = parse_json(reply->body);
  if (!body.is_object() || !body.contains("tokens")) return estimate_tokens(text);
  const int count = static_cast<int>(body["tokens"].size());
  MutexLock lock(mutex_);
  if (token_counts_.size() >= kMostTokenCounts) token_counts_.clear();
  token_counts_[key] = count;
  return count;
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
