// The composition root: builds the parts of a Config, wires, starts and stops them in their order.
#pragma once

#include "api/admin.h"
#include "core/part.h"
#include "gateway/channels.h"
#include "gateway/connections.h"
#include "gateway/delivery.h"
#include "gateway/intake.h"
#include "gateway/waiters.h"
#include "models/local_models.h"
#include "net/http_server.h"
#include "net/local_server.h"

namespace ai_bot {

class Server {
 public:
  // Opens the database, takes the lock and the port. Errors say what to do.
  static Result<std::unique_ptr<Server>> create(Config config, LiveConfig::Reread reread);

  // Serves until SIGTERM or SIGINT, then stops in order and by one deadline: no new work, turns
  // finish or are parked within server.shutdown_grace, replies go out and engines end a second
  // later. SIGHUP reloads, or stops when it came from a terminal that was closed. `on_listening` is
  // called once it serves.
  void run(const std::function<void()>& on_listening);

  ~Server() { shut_down(); }

 private:
  static constexpr int kExecutorThreads = 4;

  Server(Config config, LiveConfig::Reread reread, DataFolder folder, ProcessLock lock);

  Result<void> build();
  Result<void> build_ledger();
  Result<void> build_models();
  void build_assistant();
  void build_http();
  void build_admin();
  Outgoing outgoing();
  ChannelNeeds channel_needs();
  HealthNeeds health_needs();
  void arrange();
  void handle_signals();
  Reloaded reload();
  void take_up();
  void shut_down();
  size_t max_message() const { return static_cast<size_t>(config_.assistant.max_message.count); }

  DataFolder folder_;
  ProcessLock lock_;
  LiveConfig live_config_;
  std::unique_ptr<HttpServer> http_server_;  // outlives what answers its requests
  const Config config_;
  Metrics metrics_;
  Waiters waiters_;
  ChannelMap channels_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<UnderWay> under_way_;
  std::unique_ptr<Executor> executor_;  // what the gateway does between its waits
  std::unique_ptr<HttpClient> http_;
  LocalModels local_models_{folder_};
  std::unique_ptr<Router> router_;
  std::unique_ptr<Assistant> assistant_;
  std::unique_ptr<Intake> intake_;
  std::atomic<int64_t> answers_under_way_{0};  // of /v1/chat/completions
  std::atomic<Phase> phase_{Phase::kStarting};
  std::unique_ptr<Deliverer> deliverer_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<LocalServer> admin_;  // null: it could not be had
  Lifecycle lifecycle_;
};

}  // namespace ai_bot
