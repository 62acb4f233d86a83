#include "net/local_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "core/guarded.h"
#include "core/log.h"
#include "net/local_request.h"
#include "net/replies.h"

namespace ai_bot {
namespace {

constexpr int kWaiting = 16;  // connections that may wait for their turn
// What can't be accepted now (no descriptor is free) is tried again after that.
constexpr milliseconds kAcceptPause{200};

tl::unexpected<Error> system_error(const std::string& path) {
  const char* why = std::strerror(errno);
  return fail(Code::kStorage, fmt::format("{}: can't listen there: {}", path, why),
              fmt::format("{}：无法监听：{}", path, why));
}

bool is_allowed(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == geteuid();
}

std::string written(const Response& response, bool with_body = true) {
  std::string head = fmt::format("HTTP/1.1 {} \r\nContent-Type: {}\r\nContent-Length: {}\r\n",
                                 response.status, response.type, response.body.size());
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
  return head + "Connection: close\r\n\r\n" + (with_body ? response.body : "");
}

// An answer that a route gives on any thread, now or later, or never.
struct Awaited {
  ~Awaited() { close(came); }

  const int came = eventfd(0, EFD_CLOEXEC);  // readable once it has
  std::mutex mutex;
  std::optional<Response> response;
};

}  // namespace

std::string short_socket_path(int folder, const std::string& path) {
  return fmt::format("/proc/self/fd/{}/{}", folder,
                     std::filesystem::path(path).filename().string());
}

LocalServer::LocalServer(Options options, const std::vector<Route>& routes)
    : options_(std::move(options)), routes_(routes), guards_(route_guards()) {}

Result<std::unique_ptr<LocalServer>> LocalServer::open(Options options,
                                                       const std::vector<Route>& routes) {
  std::unique_ptr<LocalServer> server(new LocalServer(std::move(options), routes));
  const std::string& path = server->options_.path;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  server->folder_ = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  server->stopping_ = eventfd(0, EFD_CLOEXEC);
  server->listening_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (server->folder_ < 0 || server->stopping_ < 0 || server->listening_ < 0)
    return system_error(path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = short_socket_path(server->folder_, path);
  if (name.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return system_error(path);
  }
  name.copy(address.sun_path, name.size());
  unlink(path.c_str());
  // The process's umask (0077) makes it its owner's alone.
  if (bind(server->listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0600) != 0 || listen(server->listening_, kWaiting) != 0)
    return system_error(path);
  return server;
}

void LocalServer::start() {
  thread_ = std::thread([this] { guarded("local_server.run", [this] { run(); }); });
}

void LocalServer::stop() {
  if (stopping_ >= 0) eventfd_write(stopping_, 1);
  if (thread_.joinable()) thread_.join();
  if (listening_ >= 0) unlink(options_.path.c_str());
  for (int* descriptor : {&listening_, &stopping_, &folder_}) {
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
  }
}

void LocalServer::run() {
  constexpr SteadyTime kForEver = SteadyTime::max();
  const auto is_stopping = [this] {
    pollfd polled{stopping_, POLLIN, 0};
    return poll(&polled, 1, 0) > 0;
  };
  while (!is_stopping()) {
    if (!wait_for(listening_, POLLIN, stopping_, kForEver)) continue;
    const int connection = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0) {
      if (errno != EAGAIN && errno != EINTR) std::this_thread::sleep_for(kAcceptPause);
      continue;
    }
    guarded("local_server.serve", [&] { serve(connection); });
    close(connection);
  }
}

void LocalServer::serve(int connection) {
  if (!is_allowed(connection)) return;
  const auto request = LocalRequest::read(connection, stopping_, options_.max_request,
                                          steady_now() + options_.request_time);
  if (!request && request.error().code == Code::kCancelled) return;
  const std::string bytes =
      request ? written(answer(*request), !(*request)->is_head())
              : written(json_response(http_status(request.error().code),
                                      error_body(request.error(), Language::kEnglish)));
  const SteadyTime deadline = steady_now() + options_.request_time;
  for (std::string_view left = bytes; !left.empty();) {
    if (!wait_for(connection, POLLOUT, stopping_, deadline)) return;
    const ssize_t count = send(connection, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return;
    if (count > 0) left.remove_prefix(static_cast<size_t>(count));
  }
}

Response LocalServer::answer(const RequestPtr& request) {
  const RouteTable::Match match = routes_.find(request->path(), request->method());
  for (const Guard& guard : guards_) {
    if (auto refusal = guard.check(*request, match)) return std::move(*refusal);
  }
  const auto awaited = std::make_shared<Awaited>();
  const auto respond = [awaited](Response response) {
    std::lock_guard lock(awaited->mutex);
    if (!awaited->response) awaited->response = std::move(response);
    eventfd_write(awaited->came, 1);
  };
  if (!guarded("local_server.route", [&] { match.route->handler(request, respond); }))
    return error_response(*request, our_mistake());
  wait_for(awaited->came, POLLIN, stopping_, steady_now() + options_.answer_time);
  std::lock_guard lock(awaited->mutex);
  if (awaited->response) return std::move(*awaited->response);
  return error_response(*request, {Code::kTimeout,
                                   {"no answer in time; the log may say why",
                                    "未在限定时间内得到结果，原因可能在日志中"}});
}

}  // namespace ai_bot
