// Supervises llama-server for one local model: starts it on a unix socket, waits until it is ready,
// starts it again after a crash (exponential backoff with jitter; many crashes in a short time are
// reported as a crash loop), and swaps to another file without refusing a request: the new process
// is started and ready before the traffic moves, the old one finishes its answers before it is
// stopped.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/mutex.h"
#include "models/child_process.h"
#include "models/engine_plan.h"
#include "models/lookup.h"
#include "models/markers.h"
#include "models/openai_client.h"
#include "models/token_counts.h"

namespace ai_bot {

class LocalModel : public Model {
 public:
  // `socket_folder`: private to us; the model is not started yet.
  LocalModel(ModelConfig config, EngineConfig engine, std::string socket_folder, HttpClient& http);
  ~LocalModel() override;

  void start();
  // SIGTERM, then SIGKILL after engine.stop_timeout; returns when the process is gone.
  void stop();
  // Begins to stop and returns at once. The process is killed at the deadline, if that comes first.
  void stop_by(SteadyTime deadline);
  // Asks for another file; returns at once, status() tells how it went. The old model stays when
  // the new one does not become ready.
  void use(const std::string& path);

  const std::string& name() const override { return config_.name; }
  void chat(ChatRequest request, ChatSink sink) override;
  int context() const override;
  void count_tokens(std::vector<std::string> texts, Counted then) override;
  int parallel() const override;
  bool sees() const override;
  ModelStatus status() const override;
  // The file that runs carries a look-up: whatever it was configured as.
  bool is_guide() const override;

 private:
  // One llama-server process and what it was started with.
  struct Running {
    std::string path;
    std::string socket;
    EnginePlan plan;
    std::optional<Lookup> lookup;  // of the built-in guide
    Markers markers;               // what its vocabulary takes for control tokens
    std::shared_ptr<Vision> vision;
    std::unique_ptr<ChildProcess> child;
    std::atomic<bool> exited{false};
    Mutex last_mutex;
    std::string last_error GUARDED_BY(last_mutex);  // its last line that tells of one
    ~Running();
    std::string error_text();
  };
  using RunningPtr = std::shared_ptr<Running>;

  // Where an engine is, whatever its socket.
  static constexpr const char* kUnixBase = "http://localhost";
  static HttpRequest request_to(const std::string& socket, const std::string& path,
                                milliseconds limit);

  void supervise();
  // Starts a process for the file and waits until it answers; on failure the process is gone.
  Result<RunningPtr> bring_up(const std::string& path);
  Result<void> wait_until_ready(Running& running);
  void learn_vision(Running& running);
  void swap_to(const std::string& path);
  void drain(const RunningPtr& old);
  void note_crash(const std::string& why, bool was_ready = false);
  bool pause(milliseconds wait);  // false when stopping
  // How long a process has to end after SIGTERM.
  milliseconds patience() const;

  const ModelConfig config_;
  const EngineConfig engine_;
  const std::string socket_folder_;
  HttpClient& http_;

  mutable Mutex mutex_;
  std::condition_variable wake_;
  RunningPtr current_ GUARDED_BY(mutex_);  // null while none is ready
  std::string path_ GUARDED_BY(mutex_);    // what should run
  std::string wanted_ GUARDED_BY(mutex_);  // what a swap asks for; empty: none
  ModelState state_ GUARDED_BY(mutex_) = ModelState::kStopped;
  std::string problem_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  SteadyTime stop_by_ GUARDED_BY(mutex_) = SteadyTime::max();
  bool recovering_ GUARDED_BY(mutex_) = false;  // it was ready, and is being started again
  int64_t restarts_ GUARDED_BY(mutex_) = 0;
  int64_t starts_ = 0;  // makes socket names unique; of supervise() alone
  std::deque<SteadyTime> crashes_ GUARDED_BY(mutex_);
  TokenCounts token_counts_;
  std::thread thread_;
};

}  // namespace ai_bot
