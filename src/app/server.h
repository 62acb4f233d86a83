// The composition root: builds the parts from a Config, wires them, starts them, and stops them in
// order.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/admin.h"
#include "api/health.h"
#include "app/data_folder.h"
#include "app/parts.h"
#include "config/reader.h"
#include "core/mutex.h"
#include "core/part.h"
#include "gateway/connections.h"
#include "gateway/delivery.h"
#include "models/engine.h"
#include "net/http_server.h"
#include "net/local_server.h"

namespace ai_bot {

class Server {
 public:
  // Reads the configuration again (a reload).
  using Reread = std::function<ReadConfig()>;

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
  AdminNeeds admin_needs();
  void build_admin();
  void arrange();
  void start_models();
  void stop_models(SteadyTime deadline);
  void handle_signals();
  Reloaded reload();
  void use_models();
  void reload_models(const Config& fresh) REQUIRES(reload_mutex_);
  void take_up();
  void shut_down();

  DataFolder folder_;
  ServerLock lock_;
  Reread reread_;
  std::unique_ptr<HttpServer> http_;  // outlives what answers its requests
  Parts parts_;
  Mutex reload_mutex_;                      // one at a time
  Config known_ GUARDED_BY(reload_mutex_);  // as of the last reload
  std::vector<LocalModel*> local_models_;   // owned by the router
  std::unique_ptr<Deliverer> deliverer_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<LocalServer> admin_;  // null: it could not be had, and the log says why
  Lifecycle lifecycle_;
};

}  // namespace ai_bot
