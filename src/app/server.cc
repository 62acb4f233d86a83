#include "app/server.h"

#include <drogon/HttpAppFramework.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <trantor/utils/Logger.h>
#include <unistd.h>

#include <future>
#include <limits>
#include <system_error>
#include <thread>

#include "app/attachments.h"
#include "app/browser_guard.h"
#include "app/drafts.h"
#include "app/health.h"
#include "app/logging.h"
#include "app/openai_api.h"
#include "app/port.h"
#include "app/replies.h"
#include "app/version.h"
#include "app/webhook.h"
#include "config/output.h"
#include "core/guarded.h"
#include "core/log.h"
#include "core/redact.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

constexpr milliseconds kIdentityRetryMin{1000}, kIdentityRetryMax{60000};
constexpr double kHousekeepingSeconds = 600;
constexpr int kPurgeBatch = 5000;  // rows a commit
constexpr milliseconds kDeliveryGrace{2000};
constexpr milliseconds kDrainInterval{20};

// Drogon's lines: "20261124 22:10:34.866143 UTC 7610 WARN text - file:line".
void log_of_drogon(const char* text, uint64_t size) {
  std::string_view line = trim({text, size});
  for (int word = 0; word < 4 && line.find(' ') != std::string_view::npos; ++word) {
    line = trim(line.substr(line.find(' ')));
  }
  // Said as an error when a client closes while an answer is being written, which is nobody's
  // fault.
  const bool harmless = line.find("no writing but write callback called") != std::string_view::npos;
  const bool warns =
      line.starts_with("WARN") || line.starts_with("ERROR") || line.starts_with("FATAL");
  const log::Level level = warns && !harmless ? log::Level::kWarning : log::Level::kDebug;
  if (log::enabled(level)) log::write(level, "http.framework", line);
}

// Throws std::system_error when so many further threads can't be had at once. Asked at the start,
// where that can be told, for those that are started later, where it would end the process.
void require_threads(size_t count) {
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  std::vector<std::thread> threads;
  const auto end = [&] {
    gate.set_value();
    for (std::thread& thread : threads) thread.join();
  };
  try {
    while (threads.size() < count) threads.emplace_back([opened] { opened.wait(); });
  } catch (...) {
    end();
    throw;
  }
  end();
}

sigset_t our_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

// Drogon looks for files under this folder when no route is known. There is none, and so no file
// is ever served: only routes are.
constexpr const char* kNoFolder = "/proc/self/no-files-are-served";
constexpr double kGuardSeconds = 0.25;
// The guard's limit counts; Drogon's own, which closes the newest, must come after it.
constexpr size_t kNoLimit = std::numeric_limits<int32_t>::max();

bool is_webhook(const std::string& path) { return path.starts_with("/api/webhook"); }

// As many open files as this process may have: each answer takes up to two.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// What this process holds is nobody else's: its files, a core of its memory, its memory through
// /proc and ptrace.
void close_to_others() {
  umask(0077);
#ifndef __SANITIZE_ADDRESS__  // whose leak check looks at the process from outside
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

// The path as a metric's label: parameters and unknown paths must not make a series each.
const char* route_of(const std::string& path) {
  for (const char* known : {"/v1/chat/completions", "/v1/models", "/api/health", "/api/health/live",
                            "/api/health/ready", "/metrics", "/api/webhook"}) {
    if (path == known) return known;
  }
  return path.starts_with("/api/webhook/") ? "/api/webhook/{channel}" : "other";
}

}  // namespace

Server::Server(Config config, Reread reread, DataFolder folder, ServerLock lock)
    : folder_(std::move(folder)), lock_(std::move(lock)), reread_(std::move(reread)) {
  parts_.config = std::move(config);
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
  if (auto free = check_port(config.server); !free) return fail(free.error());
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
    const std::string what = name_of_exception();
    return fail(Code::kInternal, "a mistake in ai_bot: " + what, "ai_bot 内部错误：" + what);
  }
}

Result<void> Server::build() {
  const Config& config = parts_.config;
  auto store = Store::open({config.database.path, static_cast<int>(config.database.max_batch)});
  if (!store) return fail(store.error());
  parts_.store = std::move(*store);
  parts_.guard = std::make_unique<HttpGuard>(
      config.server, [this](int status) { parts_.metrics.http_request("refused", "", status, 0); });
  parts_.under_way =
      std::make_unique<UnderWay>(folder_.path() + "/run/under_way", config.database.path);
  parts_.under_way->forget_closed(*parts_.store);
  parts_.http = std::make_unique<HttpClient>();
  connections_ = std::make_unique<Connections>(parts_);
  if (auto built = build_channels(); !built) return built;
  if (auto built = build_models(); !built) return built;
  deliverer_ = std::make_unique<Deliverer>(*parts_.store, *parts_.under_way, *parts_.http,
                                           parts_.metrics, config.delivery, parts_.channels);
  parts_.replies_waiting = [this](int64_t id) { deliverer_->deliver(id); };
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
    return begin_draft(*entry, *parts_.http, *parts_.store, parts_.config.delivery.timeout, id,
                       event);
  };
  events.files = [this](const Event& event) -> std::string {
    const ChannelEntry* entry = find_channel(parts_.channels, event.channel);
    if (entry == nullptr) return "";
    return read_text_files(*entry, *parts_.http, parts_.config.delivery.timeout, event,
                           static_cast<size_t>(parts_.config.assistant.max_message.count));
  };
  events.answered = [this](int64_t id, const std::string& answer) {
    parts_.waiters.answered(id, {answer});
    deliverer_->deliver(id);
  };
  events.postponed = [this](int64_t id, const std::string& notice) {
    parts_.waiters.answered(id, {notice, /*postponed=*/true});
    deliverer_->deliver(id);
  };
  parts_.assistant = std::make_unique<Assistant>(*parts_.store, *parts_.under_way, *parts_.router,
                                                 config.assistant, std::move(events));
  // The HTTP threads, the signals', the identities', a connection's, a model's and its process's.
  size_t later = static_cast<size_t>(config.server.threads) + 2 + 2 * local_models_.size();
  for (const auto& [name, channel] : parts_.channels) later += channel.config.mode == "connect";
  require_threads(later);
  parts_.metrics.add_sampler(process_samples);
  parts_.metrics.add_sampler([this] { return health_samples(parts_); });
  return {};
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
        std::make_shared<PlatformAccess>(made, *parts_.http, parts_.config.delivery.timeout)};
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

void Server::resume() {
  // Replies first: a new answer must not overtake an older one of its conversation.
  deliverer_->resume();
  parts_.assistant->resume();
}

void Server::route() {
  using drogon::Get;
  using drogon::HttpRequestPtr;
  using drogon::Post;
  using Callback = std::function<void(const drogon::HttpResponsePtr&)>;
  auto& app = drogon::app();
  // Each channel's own path is found by a look-up, the pattern by a regular expression at every
  // request.
  for (const auto& [name, entry] : parts_.channels) {
    app.registerHandler("/api/webhook/" + name,
                        [this, name = name](const HttpRequestPtr& request, Callback&& respond) {
                          handle_webhook(parts_, request, name, std::move(respond));
                        },
                        {Post, Get});
  }
  app.registerHandler("/api/webhook",
                      [this](const HttpRequestPtr& request, Callback&& respond) {
                        handle_webhook(parts_, request, "", std::move(respond));
                      },
                      {Post, Get});
  app.registerHandler("/v1/chat/completions",
                      [this](const HttpRequestPtr& request, Callback&& respond) {
                        handle_chat_completions(parts_, request, std::move(respond));
                      },
                      {Post});
  app.registerHandler("/v1/models",
                      [this](const HttpRequestPtr&, Callback&& respond) {
                        handle_models(parts_, std::move(respond));
                      },
                      {Get});
  app.registerHandler("/api/health",
                      [this](const HttpRequestPtr& request, Callback&& respond) {
                        const Health health = check_health(parts_, language_of(request));
                        respond(json_response(health.ready ? 200 : 503, health.body));
                      },
                      {Get});
  app.registerHandler(
      "/api/health/ready",
      [this](const HttpRequestPtr& request, Callback&& respond) {
        const Health health = check_health(parts_, language_of(request));
        respond(json_response(health.ready ? 200 : 503, {{"status", health.body["status"]},
                                                         {"reasons", health.body["reasons"]}}));
      },
      {Get});
  app.registerHandler("/api/health/live",
                      [](const HttpRequestPtr&, Callback&& respond) {
                        respond(json_response(200, {{"status", "ok"}}));
                      },
                      {Get});
  app.registerHandler("/metrics",
                      [this](const HttpRequestPtr&, Callback&& respond) {
                        auto response = drogon::HttpResponse::newHttpResponse();
                        response->setContentTypeString("text/plain; version=0.0.4; charset=utf-8");
                        response->setBody(parts_.metrics.text());
                        respond(response);
                      },
                      {Get});
  app.setDocumentRoot(kNoFolder);
  app.setDefaultHandler([this](const HttpRequestPtr& request, Callback&& respond) {
    if (is_webhook(request->path())) return respond(no_such_channel(request));
    respond(error_response(request, {Code::kNotFound, {"no such path", "路径不存在"}}));
  });
  app.registerSyncAdvice([this](const HttpRequestPtr& request) -> drogon::HttpResponsePtr {
    const auto connection = parts_.guard->of(request);
    if (connection) connection->began();
    // As it was written: Drogon takes any case and any encoding for the same path, a proxy's rules
    // before it do not.
    const std::string& path = request->getOriginalPath();
    if (is_webhook(path)) return nullptr;
    const BrowserHeaders headers{request->getHeader("host"), request->getHeader("origin"),
                                 request->getHeader("content-type")};
    auto allowed = check_browser(headers, !request->body().empty(), parts_.config.server.hosts);
    if (allowed && route_of(path) == std::string_view("other"))
      allowed = fail(Code::kNotFound, "no such path", "路径不存在");
    if (allowed) return nullptr;
    auto response = error_response(request, allowed.error());
    // What a synchronous advice answers does not come past the one that counts responses.
    parts_.metrics.http_request(route_of(request->path()), request->methodString(),
                                response->statusCode(), 0);
    if (connection) connection->answered();
    return response;
  });
  app.registerPreSendingAdvice([this](const HttpRequestPtr& request,
                                      const drogon::HttpResponsePtr& response) {
    const double seconds = static_cast<double>(trantor::Date::now().microSecondsSinceEpoch() -
                                               request->creationDate().microSecondsSinceEpoch()) /
                           1e6;
    parts_.metrics.http_request(route_of(request->path()), request->methodString(),
                                response->statusCode(), seconds);
    parts_.guard->responding(request, response);
  });
  // What a route throws is a mistake of ours; the client hears only that.
  app.setExceptionHandler(
      [](const std::exception&, const HttpRequestPtr& request, Callback&& respond) {
        report_exception("http.route");
        respond(error_response(
            request, {Code::kInternal,
                      {"a mistake in ai_bot; its log says which", "ai_bot 内部错误，详见日志"}}));
      });
  app.setCustomErrorHandler([](drogon::HttpStatusCode status, const HttpRequestPtr& request) {
    Error error{status >= drogon::k500InternalServerError ? Code::kInternal : Code::kInvalid,
                {fmt::format("HTTP status {}", static_cast<int>(status)),
                 fmt::format("HTTP 状态 {}", static_cast<int>(status))}};
    if (status == drogon::k404NotFound) error = {Code::kNotFound, {"no such path", "路径不存在"}};
    if (status == drogon::k405MethodNotAllowed)
      error.text = {"this path does not take this method", "该路径不支持此方法"};
    if (status == drogon::k413RequestEntityTooLarge)
      error = {Code::kTooLarge,
               {"the body is larger than server.max_body", "请求正文超过 server.max_body"}};
    auto response = error_response(request, error);
    response->setStatusCode(status);
    return response;
  });
}

void Server::run(const std::function<void()>& on_listening) {
  const ServerConfig& server = parts_.config.server;
  trantor::Logger::setLogLevel(trantor::Logger::kWarn);
  trantor::Logger::setOutputFunction(log_of_drogon, [] {});
  route();
  raise_file_limit();
  auto& app = drogon::app();
  app.disableSigtermHandling()
      .setThreadNum(static_cast<size_t>(server.threads))
      .setUploadPath(folder_.path() + "/run/uploads")
      .setClientMaxBodySize(static_cast<size_t>(server.max_body.count))
      .setClientMaxMemoryBodySize(static_cast<size_t>(server.max_body.count))
      .setMaxConnectionNum(kNoLimit)
      .setIdleConnectionTimeout(0)  // the guard knows which connections are being answered
      .setConnectionCallback([this](const auto& tcp) { parts_.guard->connection(tcp); })
      .enableServerHeader(false)
      .enableGzip(false)  // answers are small, and the guard counts what goes out
      .addListener(server.listen == "localhost" ? "127.0.0.1" : server.listen,
                   static_cast<uint16_t>(server.port));
  for (LocalModel* model : local_models_) model->start();
  resume();
  app.registerBeginningAdvice([this, &on_listening] {
    for (size_t i = 0; i < drogon::app().getThreadNum(); ++i) {
      trantor::EventLoop* loop = drogon::app().getIOLoop(i);
      loop->runEvery(kGuardSeconds,
                     [this, loop] { guarded("http.check", [&] { parts_.guard->check(loop); }); });
    }
    Phase starting = Phase::kStarting;  // unless a signal came first
    if (!parts_.phase.compare_exchange_strong(starting, Phase::kServing)) return;
    connections_->start();
    log::info("server.listening",
              fmt::format("ai_bot {} listens on {}:{}", kVersion, parts_.config.server.listen,
                          parts_.config.server.port));
    on_listening();
  });
  identities_ =
      std::thread([this] { guarded("server.identities", [this] { learn_identities(); }); });
  app.getLoop()->runEvery(kHousekeepingSeconds,
                          [this] { guarded("server.housekeeping", [this] { housekeeping(); }); });
  std::thread signal_thread([this] { guarded("server.signals", [this] { handle_signals(); }); });
  app.run();
  signal_thread.join();
}

void Server::handle_signals() {
  const sigset_t signals = our_signals();
  const bool on_terminal = isatty(STDERR_FILENO) == 1;
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    // A terminal that is closed sends SIGHUP too, and is no terminal any more.
    const bool closed = on_terminal && isatty(STDERR_FILENO) == 0;
    if (signal == SIGHUP && !closed) {
      guarded("server.reload", [this] { reload(); });
      continue;
    }
    log::info("server.stopping", "finishing or parking what is under way");
    // A second signal ends us at once; what is unfinished resumes at the next start anyway.
    sigset_t impatient;
    sigemptyset(&impatient);
    sigaddset(&impatient, SIGINT);
    sigaddset(&impatient, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &impatient, nullptr);
    guarded("server.shut_down", [this] { shut_down(); });
    drogon::app().getLoop()->queueInLoop([] { drogon::app().quit(); });
    return;
  }
}

void Server::shut_down() {
  {
    std::lock_guard lock(stopping_mutex_);
    parts_.phase = Phase::kDraining;
  }
  stopping_.notify_all();
  // Turns and answers of /v1 share one grace.
  const SteadyTime begun = steady_now();
  if (identities_.joinable()) identities_.join();
  if (connections_) connections_->stop();
  if (parts_.assistant) parts_.assistant->stop(parts_.config.server.shutdown_grace);
  parts_.waiters.release();
  if (deliverer_) deliverer_->stop(kDeliveryGrace);
  // Its callbacks use the parts above and the HTTP threads: all of that is still there.
  if (parts_.store) parts_.store->stop();
  while (parts_.answers_under_way > 0 && since(begun) < parts_.config.server.shutdown_grace) {
    std::this_thread::sleep_for(kDrainInterval);
  }
  for (LocalModel* model : local_models_) model->stop();
  // What is still under way hears that it is over while the HTTP threads, which it tells, are
  // there.
  if (parts_.http) parts_.http->stop();
}

void Server::reload() {
  auto fresh = reread_();
  if (!fresh) {
    log::error("config.reload_failed", fresh.error().text.en);
    return;
  }
  for (const ChangedKey& changed : changed_keys(known_, *fresh)) {
    log::info(changed.change == Change::kReload ? "config.reloaded" : "config.needs_restart",
              changed.change == Change::kReload ? "a changed value is active now"
                                                : "a changed value needs a restart",
              {{"ai_bot.key", changed.key}});
  }
  configure_log(fresh->log);
  parts_.assistant->configure(fresh->assistant);
  size_t local = 0;
  for (const ModelConfig& model : fresh->models) {
    if (model.type != "local" || local >= local_models_.size()) continue;
    const std::string chosen = local == 0 ? folder_.active_model() : "";
    const auto file = chosen.empty() ? model_file(model) : Result<std::string>(chosen);
    LocalModel& running = *local_models_[local++];
    if (file && running.status().detail != *file) running.use(*file);
  }
  resume();  // a replay may have opened dead letters again; what is in a lane already is done once
             // all the same
  if (connections_) connections_->retry_now();
  known_ = std::move(*fresh);
}

void Server::learn_identities() {
  milliseconds wait = kIdentityRetryMin;
  while (parts_.phase != Phase::kDraining) {
    bool all = true;
    for (const auto& [name, channel] : parts_.channels) {
      if (!channel.access->needs_identity()) continue;
      const auto learnt = guarded(
          "server.identity", [&] { return channel.access->learn_identity(); },
          Result<void>(fail(Code::kInternal, "a mistake in ai_bot", "ai_bot 内部错误")));
      if (learnt) continue;
      all = false;
      log::warning("channel.identity_unknown", learnt.error().text.en, {{"ai_bot.channel", name}});
    }
    if (all) return;
    std::unique_lock lock(stopping_mutex_);
    stopping_.wait_for(lock, wait, [this] { return parts_.phase == Phase::kDraining; });
    wait = std::min(wait * 2, kIdentityRetryMax);
  }
}

void Server::housekeeping() {
  const int64_t before = now_ms() - parts_.config.database.retention.count();
  parts_.store->write(
      [before](Connection& connection) { inbox::purge(connection, before, kPurgeBatch); },
      [](const Result<void>&) {});
}

}  // namespace ai_bot
