// A server of raw bytes on loopback or a unix socket: says exactly what a test wants said, also
// what no well-behaved server would say.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ai_bot::test {

struct Received {
  std::string line;                            // "POST /x HTTP/1.1"
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class Answering {
 public:
  explicit Answering(int fd) : fd_(fd) {}
  // False once the other side has closed.
  bool send(const std::string& bytes) const;
  // Waits until the other side closes; false after 20 s.
  bool wait_until_closed() const;

  // A whole response of this status.
  void reply(int status, const std::string& body, const std::string& more_headers = "") const;
  // The head of a stream of server-sent events; then send() events; the connection's end is theirs.
  void begin_events() const;

 private:
  int fd_;
};

class SocketServer {
 public:
  using Handler = std::function<void(const Received&, Answering&)>;

  // On a free port of 127.0.0.1, or on the unix socket when a path is given. The handler runs on a
  // connection's own thread, once a request; the connection is closed after it.
  explicit SocketServer(Handler handler, const std::string& unix_path = "");
  ~SocketServer();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int count() const { return count_; }
  std::vector<Received> received() const;

 private:
  void accept_all();
  void serve(int fd);

  Handler handler_;
  int listener_;
  int port_ = 0;
  std::atomic<int> count_{0};
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace ai_bot::test
