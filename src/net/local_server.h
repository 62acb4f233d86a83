// HTTP/1.1 on a unix socket, for the commands of the user whose process this is. The kernel says
// who is at the other end (SO_PEERCRED, unix(7)): the same user and root are answered, others are
// not, and no token has to be kept. One request a connection, one connection at a time, on a thread
// of its own; parsed by http-parser (docs/decisions/0011-admin-socket.md).
//
// For routes that answer with a Response: one that streams, or asks for its query, its loop or
// whether the client is gone, belongs to net/http_server.h.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "net/guards.h"
#include "net/route.h"

namespace ai_bot {

class LocalServer {
 public:
  struct Options {
    std::string path;                 // of the socket; may be longer than a socket's address
    size_t max_request = 64 << 10;    // bytes, header and body
    milliseconds request_time{5000};  // for a request to come whole, and for its answer to go
    milliseconds answer_time{60000};  // for a route to answer
  };

  // Listens. A socket that stands at the path is taken to be left over, and replaced: whoever calls
  // this holds the lock of its folder. Errors name the path.
  static Result<std::unique_ptr<LocalServer>> open(Options options,
                                                   const std::vector<Route>& routes);

  ~LocalServer() { stop(); }

  // Answers from here on.
  void start();

  // Cuts off what is being answered, and removes the socket.
  void stop();

 private:
  LocalServer(Options options, const std::vector<Route>& routes);
  void run();
  void serve(int connection);
  Response answer(const RequestPtr& request);

  const Options options_;
  const RouteTable routes_;
  const std::vector<Guard> guards_;
  int folder_ = -1;  // of the socket
  int listening_ = -1;
  int stopping_ = -1;  // an eventfd: readable once it is to end
  std::thread thread_;
};

// The path of a unix socket as connect(2) and bind(2) take it, though its own may be longer than
// their 107 bytes: through the folder, which `folder` is an open descriptor of.
std::string short_socket_path(int folder, const std::string& path);

}  // namespace ai_bot
