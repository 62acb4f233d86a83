#include "support/socket_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace ai_bot::test {
namespace {

constexpr int kPatienceMs = 20000;

// One request; false when the connection ended before it was complete.
bool read_request(int fd, Received& request) {
  std::string bytes;
  char buffer[4096];
  const auto more = [&] {
    const ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    if (count > 0) bytes.append(buffer, static_cast<size_t>(count));
    return count > 0;
  };
  while (bytes.find("\r\n\r\n") == std::string::npos) {
    if (!more()) return false;
  }
  const size_t head = bytes.find("\r\n\r\n");
  std::istringstream lines(bytes.substr(0, head));
  std::getline(lines, request.line);
  if (request.line.ends_with('\r')) request.line.pop_back();
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const size_t colon = line.find(':');
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    request.headers[name] = line.substr(std::min(line.size(), colon + 2));
  }
  const size_t length = request.headers.contains("content-length")
                            ? std::stoul(request.headers["content-length"])
                            : 0;
  while (bytes.size() < head + 4 + length) {
    if (!more()) return false;
  }
  request.body = bytes.substr(head + 4, length);
  return true;
}

}  // namespace

bool Answering::send(const std::string& bytes) const {
  return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

bool Answering::wait_until_closed() const {
  pollfd poll_fd{fd_, POLLIN | POLLRDHUP, 0};
  return poll(&poll_fd, 1, kPatienceMs) == 1;
}

void Answering::reply(int status, const std::string& body, const std::string& more_headers) const {
  send("HTTP/1.1 " + std::to_string(status) +
       " Status\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
       std::to_string(body.size()) + "\r\n" + more_headers + "\r\n" + body);
}

void Answering::begin_events() const {
  send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
}

SocketServer::SocketServer(Handler handler, const std::string& unix_path)
    : handler_(std::move(handler)) {
  listener_ = socket(unix_path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool bound = false;
  if (unix_path.empty()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bound = bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
            getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    port_ = ntohs(address.sin_port);
  } else {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, unix_path.c_str(), sizeof address.sun_path - 1);
    bound = bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  if (!bound || listen(listener_, 64) != 0)
    throw std::runtime_error("the test's server can't listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

SocketServer::~SocketServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (std::thread& thread : threads_) thread.join();
}

std::vector<Received> SocketServer::received() const {
  std::lock_guard lock(mutex_);
  return received_;
}

void SocketServer::accept_all() {
  while (!stopping_) {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) continue;
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void SocketServer::serve(int fd) {
  Received request;
  if (read_request(fd, request)) {
    {
      std::lock_guard lock(mutex_);
      received_.push_back(request);
    }
    ++count_;
    Answering answering(fd);
    handler_(request, answering);
  }
  shutdown(fd, SHUT_WR);
  close(fd);
}

}  // namespace ai_bot::test
