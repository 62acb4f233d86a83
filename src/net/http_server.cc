#include "net/http_server.h"

#include <drogon/HttpAppFramework.h>
#include <drogon/version.h>
#include <trantor/utils/Logger.h>

#include <atomic>
#include <limits>

#include "core/log.h"
#include "core/utf8.h"
#include "net/drogon_request.h"
#include "net/guards.h"
#include "net/http_guard.h"
#include "net/replies.h"

namespace ai_bot {
namespace {

constexpr double kGuardSeconds = 0.25;
// The guard's limit counts; Drogon's own, which closes the newest, must come after it.
constexpr size_t kNoLimit = std::numeric_limits<int32_t>::max();

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

double seconds_since_arrival(const drogon::HttpRequestPtr& request) {
  return static_cast<double>(trantor::Date::now().microSecondsSinceEpoch() -
                             request->creationDate().microSecondsSinceEpoch()) /
         1e6;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(Options options, const std::vector<Route>& routes, OnResponse on_response)
      : options_(std::move(options)),
        routes_(routes),
        guards_(http_guards(options_.hosts)),
        on_response_(std::move(on_response)),
        connections_(options_.limits,
                     [this](int status) { on_response_(kRefused, "", status, 0); }) {}

  void run(std::function<void()> on_listening) {
    trantor::Logger::setLogLevel(trantor::Logger::kWarn);
    trantor::Logger::setOutputFunction(log_of_drogon, [] {});
    auto& app = drogon::app();
    app.disableSigtermHandling()
        .setThreadNum(static_cast<size_t>(options_.threads))
        .setUploadPath(options_.scratch)
        .setClientMaxBodySize(options_.limits.max_body)
        .setClientMaxMemoryBodySize(options_.limits.max_body)
        .setMaxConnectionNum(kNoLimit)
        .setIdleConnectionTimeout(0)  // the guard knows which connections are being answered
        .setConnectionCallback([this](const auto& tcp) { connections_.connection(tcp); })
        .enableServerHeader(false)
        .enableGzip(false)  // answers are small, and the guard counts what goes out
        .addListener(options_.listen == "localhost" ? "127.0.0.1" : options_.listen,
                     static_cast<uint16_t>(options_.port));
    // Answers every request, so that none gets to Drogon's own routes, which would serve files.
    app.registerPreRoutingAdvice(
        [this](const drogon::HttpRequestPtr& request, drogon::AdviceCallback&& send,
               drogon::AdviceChainCallback&&) { take(request, std::move(send)); });
    app.registerPreSendingAdvice(
        [this](const drogon::HttpRequestPtr& request, const drogon::HttpResponsePtr& response) {
          count(request, response->statusCode());
          connections_.responding(request, response);
        });
    app.registerBeginningAdvice([this, on_listening = std::move(on_listening)] {
      watch_connections();
      when_listening(on_listening);
    });
    app.run();
  }

 private:
  inline static const std::string kRefused = "refused", kOther = "other";

  void take(const drogon::HttpRequestPtr& from, drogon::AdviceCallback&& send) {
    const GuardedConnectionPtr connection = GuardedConnection::handing_over();
    if (!connection) return;  // it was not admitted, and is closing
    connection->began();
    const auto request =
        std::make_shared<DrogonRequest>(from, connection, std::move(send), on_unseen_);
    if (guarded("http.route", [&] { serve(request); })) return;
    // What a route throws is a mistake of ours; the client hears only that.
    request->answer(error_response(*request, our_mistake()));
  }

  void serve(const std::shared_ptr<DrogonRequest>& request) {
    const RouteTable::Match match = routes_.find(request->path(), request->method());
    for (const Guard& guard : guards_) {
      if (auto answer = guard.check(*request, match)) return request->answer(std::move(*answer));
    }
    match.route->handler(request,
                         [request](Response response) { request->answer(std::move(response)); });
  }

  const std::string& label_of(const drogon::HttpRequestPtr& request) const {
    const auto match = routes_.find(request->getOriginalPath(), Method::kOther);
    return match.at_path.empty() ? kOther : match.at_path.front().path;
  }

  void count(const drogon::HttpRequestPtr& request, int status) const {
    on_response_(label_of(request), request->methodString(), status,
                 seconds_since_arrival(request));
  }

  // Drogon tells before it lets its threads listen. What it gave each of them to do for that is
  // done when what is given to them after that is.
  void when_listening(const std::function<void()>& on_listening) {
    const EventLoop main = EventLoop::of_this_thread();
    main.post("http.listening", [main, on_listening] {
      const size_t threads = drogon::app().getThreadNum();
      const auto left = std::make_shared<std::atomic<size_t>>(threads);
      for (size_t i = 0; i < threads; ++i) {
        EventLoop(drogon::app().getIOLoop(i)).post("http.listening", [main, on_listening, left] {
          if (--*left == 0) main.post("http.listening", on_listening);
        });
      }
    });
  }

  // On each thread that serves.
  void watch_connections() {
    for (size_t i = 0; i < drogon::app().getThreadNum(); ++i) {
      trantor::EventLoop* loop = drogon::app().getIOLoop(i);
      loop->runEvery(kGuardSeconds,
                     [this, loop] { guarded("http.check", [&] { connections_.check(loop); }); });
    }
  }

  const Options options_;
  const RouteTable routes_;
  const std::vector<Guard> guards_;
  const OnResponse on_response_;
  HttpGuard connections_;
  const DrogonRequest::OnUnseen on_unseen_ = [this](const DrogonRequest& request, int status) {
    count(request.drogons(), status);
  };
};

HttpServer::HttpServer(Options options, const std::vector<Route>& routes, OnResponse on_response)
    : impl_(std::make_unique<Impl>(std::move(options), routes, std::move(on_response))) {}

HttpServer::~HttpServer() = default;

EventLoop HttpServer::loop() const { return EventLoop(drogon::app().getLoop()); }

void HttpServer::run(std::function<void()> on_listening) { impl_->run(std::move(on_listening)); }

void HttpServer::quit() {
  loop().post("http.quit", [] { drogon::app().quit(); });
}

std::string HttpServer::framework() { return std::string("Drogon ") + DROGON_VERSION; }

}  // namespace ai_bot
