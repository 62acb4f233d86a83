// The composition root: builds the parts from a Config, wires them, starts them, and stops them in
// order.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/health.h"
#include "app/data_folder.h"
#include "app/parts.h"
#include "core/part.h"
#include "gateway/connections.h"
#include "gateway/delivery.h"
#include "models/engine.h"
#include "net/http_server.h"

namespace ai_bot {

class Server {
 public:
  // Reads the configuration again (SIGHUP); its findings are logged.
  using Reread = std::function<Result<Config>()>;

  // Opens the database, takes the lock and the port. Errors say what to do.
  static Result<std::unique_ptr<Server>> create(Config config, Reread reread);

  // Serves until SIGTERM or SIGINT, then stops in order and by one deadline: no new work, turns
  // finish or are parked within server.shutdown_grace, replies go out and engines end a second
  // later. SIGHUP reloads, or stops when it came from
  // a terminal that was closed. `on_listening` is called once it
  // serves.
  void run(const std::function<void()>& on_listening);

  ~Server();

 private:
  Server(Config config, Reread reread, DataFolder folder, ServerLock lock);

  Result<void> build_all();
  Result<void> build();
  Result<void> build_channels();
  Result<void> build_models();
  Result<std::string> model_file(const ModelConfig& model) const;
  void observe(const Attempt& attempt);
  HealthNeeds health_needs();
  Outgoing outgoing();
  void build_http();
  void arrange();
  void start_models();
  void stop_models(SteadyTime deadline);
  void handle_signals();
  void reload();
  void reload_models(const Config& fresh);
  void shut_down();

  DataFolder folder_;
  ServerLock lock_;
  Reread reread_;
  std::unique_ptr<HttpServer> http_;  // outlives what answers its requests
  Parts parts_;
  Config known_;  // as of the last reload; only the signal thread uses it after the start
  std::vector<LocalModel*> local_models_;  // owned by the router
  std::unique_ptr<Deliverer> deliverer_;
  std::unique_ptr<Connections> connections_;
  Lifecycle lifecycle_;
};

}  // namespace ai_bot
