#include "api/health.h"
#include "api/http_options.h"
#include "api/metrics.h"
#include "api/openai.h"
#include "api/webhook.h"
#include "app/server.h"
#include "core/log.h"
#include "core/process.h"
#include "gateway/turn_events.h"
#include "net/address.h"
#include "net/port.h"
#include "store/sqlite/ledger.h"

namespace ai_bot {

Server::Server(Config config, LiveConfig::Reread reread, DataFolder folder, ProcessLock lock)
    : folder_(std::move(folder)),
      lock_(std::move(lock)),
      live_config_(config, std::move(reread)),
      config_(std::move(config)) {}

Result<std::unique_ptr<Server>> Server::create(Config config, LiveConfig::Reread reread) {
  prepare_process();
  if (auto free = check_port(config.server.listen, config.server.port); !free)
    return fail(free.error());
  DataFolder folder(config.data_dir);
  if (auto made = folder.prepare(); !made) return fail(made.error());
  auto lock = folder.lock();
  if (!lock) return fail(lock.error());
  std::unique_ptr<Server> server(
      new Server(std::move(config), std::move(reread), std::move(folder), std::move(*lock)));
  UnderWay::watch_crashes();
  if (auto built = with_threads([&] { return server->build(); }); !built)
    return fail(built.error());
  return server;
}

Result<void> Server::build() {
  if (auto built = build_ledger(); !built) return built;
  executor_ = std::make_unique<Executor>(Executor::Options{"gateway", kExecutorThreads});
  http_ = std::make_unique<HttpClient>();
  if (auto built = configure_channels(channels_, config_.channels, channel_needs()); !built)
    return built;
  if (auto built = build_models(); !built) return built;
  build_assistant();
  connections_ = std::make_unique<Connections>(
      ConnectionNeeds{channels_, *intake_, *http_, config_.delivery.timeout});
  // The HTTP threads, the signals', the admin socket's, the executor's further ones, a
  // connection's, a model's and its process's.
  require_threads(static_cast<size_t>(config_.server.threads) + 2 + (kExecutorThreads - 1) +
                  connections_->threads() + 2 * local_models_.size());
  metrics_.add_sampler(process_samples);
  metrics_.add_sampler([needs = health_needs()] { return health_samples(needs); });
  build_http();
  arrange();
  build_admin();
  return {};
}

Result<void> Server::build_ledger() {
  const DatabaseConfig& database = config_.database;
  auto ledger =
      SqliteLedger::open({database.path, static_cast<int>(database.max_batch), 0,
                          Retention::Limits{database.retention, database.message_retention}});
  if (!ledger) return fail(ledger.error());
  ledger_ = std::move(*ledger);
  under_way_ = std::make_unique<UnderWay>(folder_.path() + "/run/under_way", database.path);
  under_way_->forget_closed(*ledger_);
  return {};
}

Result<void> Server::build_models() {
  auto models = local_models_.make(config_.models, config_.engine, *http_);
  if (!models) return fail(models.error());
  router_ = std::make_unique<Router>(
      std::move(*models), config_.router,
      [this](const Attempt& attempt) { count_attempt(metrics_, attempt); });
  return {};
}

void Server::build_assistant() {
  deliverer_ = std::make_unique<Deliverer>(*ledger_, *under_way_, metrics_, outgoing(),
                                           config_.delivery, channels_);
  assistant_ = std::make_unique<Assistant>(
      *ledger_, *under_way_, *router_, *executor_, config_.assistant,
      turn_events(channels_, outgoing(), *ledger_, waiters_, *deliverer_, max_message(),
                  config_.assistant.image_memory));
  intake_ = std::make_unique<Intake>(*ledger_, *assistant_, metrics_, phase_,
                                     config_.database.max_pending, channels_,
                                     [this](int64_t id) { deliverer_->deliver(id); });
}

void Server::build_http() {
  std::vector<Route> routes;
  for (const auto& area : {webhook_routes({channels_, *intake_, waiters_, metrics_}),
                           openai_routes({*router_, *assistant_, phase_, answers_under_way_,
                                          config_.server.max_answers, max_message()}),
                           health_routes(health_needs()), metrics_routes(metrics_)}) {
    routes.insert(routes.end(), area.begin(), area.end());
  }
  http_server_ = std::make_unique<HttpServer>(
      http_options(config_.server, folder_.path()), routes,
      [this](const std::string& route, const std::string& method, int status, double seconds) {
        metrics_.http_request(route, method, status, seconds);
      });
}

// Where the folder can hold no sockets (some network file systems), people are served all the same.
void Server::build_admin() {
  const auto use_models = [this] {
    live_config_.apply_again([this](const Config& known) { local_models_.reload(known.models); });
  };
  const AdminNeeds needs{health_needs(),
                         *ledger_,
                         http_url(config_.server.listen, config_.server.port),
                         steady_now(),
                         [this] { return reload(); },
                         use_models,
                         [this] { take_up(); }};
  auto admin = LocalServer::open({folder_.admin_socket()}, admin_routes(needs));
  if (!admin) return log::warning("admin.no_socket", admin.error().text.en);
  admin_ = std::move(*admin);
  lifecycle_.add({"admin", [this] { admin_->start(); }, [this](SteadyTime) { admin_->stop(); }});
}

Outgoing Server::outgoing() { return {*http_, *executor_, config_.delivery.timeout}; }

ChannelNeeds Server::channel_needs() {
  return {{max_message()}, config_.delivery.timeout, folder_, *http_};
}

HealthNeeds Server::health_needs() {
  return {phase_, *ledger_, *router_, *assistant_, channels_, config_.database};
}

}  // namespace ai_bot
