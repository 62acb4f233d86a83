#include <fmt/format.h>
#include <signal.h>

#include <system_error>

#include "api/health.h"
#include "api/metrics.h"
#include "api/openai.h"
#include "api/webhook.h"
#include "app/process.h"
#include "app/server.h"
#include "core/guarded.h"
#include "core/log.h"
#include "core/redact.h"
#include "gateway/attachments.h"
#include "gateway/drafts.h"
#include "net/address.h"
#include "net/port.h"
#include "store/sqlite/ledger.h"

namespace ai_bot {
namespace {

constexpr int kExecutorThreads = 4;

HttpServer::Options http_options(const ServerConfig& config, const std::string& data_folder) {
  HttpServer::Options options;
  options.listen = config.listen;
  options.port = config.port;
  options.threads = config.threads;
  options.limits = {static_cast<size_t>(config.max_header.count),
                    static_cast<size_t>(config.max_body.count),
                    static_cast<size_t>(config.max_unsent.count),
                    config.max_connections,
                    config.max_connections_per_ip,
                    config.header_timeout,
                    config.min_rate.count,
                    config.write_timeout,
                    config.idle_timeout,
                    config.stream_ping};
  options.hosts = config.hosts;
  options.scratch = data_folder + "/run/uploads";
  return options;
}

}  // namespace

Server::Server(Config config, Reread reread, DataFolder folder, ServerLock lock)
    : folder_(std::move(folder)), lock_(std::move(lock)), reread_(std::move(reread)) {
  parts_.config = std::move(config);
  MutexLock held(reload_mutex_);
  known_ = parts_.config;
}

Server::~Server() {
  guarded("server.shut_down", [this] { shut_down(); });
}

Result<std::unique_ptr<Server>> Server::create(Config config, Reread reread) {
  // Before the first thread: all inherit the mask, and one of them takes the signals
  // (handle_signals).
  const sigset_t signals = our_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  close_to_others();
  if (auto free = check_port(config.server.listen, config.server.port); !free)
    return fail(free.error());
  DataFolder folder(config.data_dir);
  if (auto made = folder.prepare(); !made) return fail(made.error());
  auto lock = ServerLock::take(folder.lock_file());
  if (!lock) return fail(lock.error());
  std::unique_ptr<Server> server(
      new Server(std::move(config), std::move(reread), std::move(folder), std::move(*lock)));
  UnderWay::watch_crashes();
  if (auto built = server->build_all(); !built) return fail(built.error());
  return server;
}

Result<void> Server::build_all() {
  try {
    return build();
  } catch (const std::system_error& e) {
    // Only threads are asked of the system there.
    const std::string why = e.code().message();
    return fail(
        Code::kInternal,
        "can't start a thread: " + why +
            "; raise the limit (ulimit -u and -v, TasksMax and MemoryMax of the service)",
        "无法启动线程：" + why + "；请提高限制（ulimit -u 和 -v，服务的 TasksMax 和 MemoryMax）");
  } catch (...) {
    return fail(our_mistake_named());
  }
}

Result<void> Server::build() {
  const Config& config = parts_.config;
  SqliteLedger::Options options;
  options.path = config.database.path;
  options.max_batch = static_cast<int>(config.database.max_batch);
  options.retention = {config.database.retention, config.database.message_retention};
  auto ledger = SqliteLedger::open(options);
  if (!ledger) return fail(ledger.error());
  parts_.ledger = std::move(*ledger);
  parts_.under_way =
      std::make_unique<UnderWay>(folder_.path() + "/run/under_way", config.database.path);
  parts_.under_way->forget_closed(*parts_.ledger);
  parts_.executor = std::make_unique<Executor>(Executor::Options{"gateway", kExecutorThreads});
  parts_.http = std::make_unique<HttpClient>();
  if (auto built = build_channels(); !built) return built;
  if (auto built = build_models(); !built) return built;
  deliverer_ = std::make_unique<Deliverer>(*parts_.ledger, *parts_.under_way, parts_.metrics,
                                           outgoing(), config.delivery, parts_.channels);
  AssistantEvents events;
  events.holds_replies = [this](const std::string& name) {
    const ChannelEntry* entry = find_channel(parts_.channels, name);
    return entry != nullptr && entry->channel->holds_replies();
  };
  events.compose = [this](const std::string& name, const std::string& answer) {
    const ChannelEntry* entry = find_channel(parts_.channels, name);
    return entry == nullptr ? std::vector<std::string>{answer} : entry->channel->compose(answer);
  };
  events.begun = [this](int64_t id, const Event& event) -> std::shared_ptr<Draft> {
    const ChannelEntry* entry = find_channel(parts_.channels, event.channel);
    if (entry == nullptr) return nullptr;
    return begin_draft(*entry, outgoing(), *parts_.ledger, id, event);
  };
  events.files = [this](const Event& event, std::function<bool()> over,
                        std::function<void(std::string)> then) {
    const ChannelEntry* entry = find_channel(parts_.channels, event.channel);
    if (entry == nullptr) return then("");
    read_text_files(*entry, outgoing(), event,
                    static_cast<size_t>(parts_.config.assistant.max_message.count), std::move(over),
                    std::move(then));
  };
  events.answered = [this](int64_t id, const std::string& answer) {
    parts_.waiters.answered(id, {answer});
    deliverer_->deliver(id);
  };
  events.postponed = [this](int64_t id, const std::string& notice) {
    parts_.waiters.answered(id, {notice, /*postponed=*/true});
    deliverer_->deliver(id);
  };
  parts_.assistant =
      std::make_unique<Assistant>(*parts_.ledger, *parts_.under_way, *parts_.router,
                                  *parts_.executor, config.assistant, std::move(events));
  const int64_t pending = config.database.max_pending;
  const bool is_alone = parts_.channels.size() < 2;
  const Intake::Room room{pending, is_alone ? pending : std::max<int64_t>(1, pending / 2)};
  parts_.intake = std::make_unique<Intake>(*parts_.ledger, *parts_.assistant, parts_.metrics,
                                           parts_.phase, room,
                                           [this](int64_t id) { deliverer_->deliver(id); });
  connections_ = std::make_unique<Connections>(
      ConnectionNeeds{parts_.channels, *parts_.intake, *parts_.http, config.delivery.timeout});
  // The HTTP threads, the signals', the admin socket's, the executor's further ones, a
  // connection's, a model's and its process's.
  size_t later = static_cast<size_t>(config.server.threads) + 2 + (kExecutorThreads - 1) +
                 2 * local_models_.size();
  for (const auto& [name, channel] : parts_.channels) later += channel.config.mode == "connect";
  require_threads(later);
  parts_.metrics.add_sampler(process_samples);
  parts_.metrics.add_sampler([needs = health_needs()] { return health_samples(needs); });
  build_http();
  build_admin();
  arrange();
  return {};
}

Outgoing Server::outgoing() {
  return {*parts_.http, *parts_.executor, parts_.config.delivery.timeout};
}

HealthNeeds Server::health_needs() {
  return {parts_.phase,
          *parts_.ledger,
          *parts_.router,
          *parts_.assistant,
          parts_.channels,
          parts_.config.database.path,
          parts_.config.database.min_free_disk.count};
}

void Server::build_http() {
  const Config& config = parts_.config;
  const auto max_message = static_cast<size_t>(config.assistant.max_message.count);
  const std::vector<Route> areas[] = {
      webhook_routes({parts_.channels, *parts_.intake, parts_.waiters, parts_.metrics}),
      openai_routes({*parts_.router, *parts_.assistant, parts_.phase, parts_.answers_under_way,
                     config.server.max_answers, max_message}),
      health_routes(health_needs()),
      metrics_routes(parts_.metrics),
  };
  std::vector<Route> routes;
  for (const auto& area : areas) routes.insert(routes.end(), area.begin(), area.end());
  http_ = std::make_unique<HttpServer>(
      http_options(config.server, folder_.path()), routes,
      [this](const std::string& route, const std::string& method, int status, double seconds) {
        parts_.metrics.http_request(route, method, status, seconds);
      });
}

AdminNeeds Server::admin_needs() {
  return {health_needs(),
          *parts_.ledger,
          http_url(parts_.config.server.listen, parts_.config.server.port),
          steady_now(),
          [this] { return reload(); },
          [this] { use_models(); },
          [this] { take_up(); }};
}

// Where the folder can hold no sockets (some network file systems), people are served all the same.
void Server::build_admin() {
  auto admin = LocalServer::open({folder_.admin_socket()}, admin_routes(admin_needs()));
  if (!admin) return log::warning("admin.no_socket", admin.error().text.en);
  admin_ = std::move(*admin);
}

Result<void> Server::build_channels() {
  const ChannelLimits limits{static_cast<size_t>(parts_.config.assistant.max_message.count)};
  for (ChannelConfig channel : parts_.config.channels) {
    if (channel.type == "generic" && channel.secret.empty()) {
      auto secret = folder_.webhook_secret();
      if (!secret) return fail(secret.error());
      channel.secret = *secret;
      keep_secret(secret->reveal());
    }
    const std::shared_ptr<const Channel> made = make_channel(channel, limits);
    parts_.channels[channel.name] = {
        made, channel,
        std::make_shared<PlatformAccess>(channel.name, made, *parts_.http,
                                         parts_.config.delivery.timeout)};
  }
  return {};
}

Result<std::string> Server::model_file(const ModelConfig& model) const {
  if (model.path == "builtin") return folder_.builtin_model();
  return model.path;
}

Result<void> Server::build_models() {
  auto sockets = folder_.sockets();
  if (!sockets) return fail(sockets.error());
  std::vector<std::unique_ptr<Model>> models;
  for (ModelConfig config : parts_.config.models) {
    if (config.type != "local") {
      models.push_back(std::make_unique<RemoteModel>(config, *parts_.http));
      continue;
    }
    const std::string chosen = local_models_.empty() ? folder_.active_model() : "";
    auto file = chosen.empty() ? model_file(config) : Result<std::string>(chosen);
    if (!file) return fail(file.error());
    config.path = *file;
    config.model = config.name;
    auto local = std::make_unique<LocalModel>(config, parts_.config.engine, *sockets, *parts_.http);
    local_models_.push_back(local.get());
    models.push_back(std::move(local));
  }
  parts_.router = std::make_unique<Router>(std::move(models), parts_.config.router,
                                           [this](const Attempt& attempt) { observe(attempt); });
  return {};
}

void Server::observe(const Attempt& attempt) {
  const auto seconds = [](milliseconds t) { return static_cast<double>(t.count()) / 1000; };
  if (!attempt.outcome) {
    const Error& error = attempt.outcome.error();
    parts_.metrics.model_attempt(attempt.model, name_of(error.code), 0);
    log::warning("model.attempt_failed", error.text.en,
                 {{"http.request.id", attempt.request_id}, {"ai_bot.model", attempt.model}});
    return;
  }
  const ChatEnd& end = *attempt.outcome;
  // An answer that came whole tells no time of its own for its first token.
  const bool whole = end.first_token == end.total;
  const double generating = seconds(whole ? end.total : end.total - end.first_token);
  const double rate =
      generating > 0 ? static_cast<double>(end.usage.completion_tokens) / generating : 0;
  parts_.metrics.model_attempt(attempt.model, "ok", seconds(end.total));
  parts_.metrics.model_answer(attempt.model, seconds(end.first_token), rate,
                              end.usage.prompt_tokens, end.usage.completion_tokens);
}

}  // namespace ai_bot
