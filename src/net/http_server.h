// The HTTP server: Drogon behind the guard of connections (net/http_guard.h), the chain of guards
// (net/guards.h) and a table of routes. One a process, as Drogon is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/connection_limits.h"
#include "net/event_loop.h"
#include "net/route.h"

namespace ai_bot {

class HttpServer {
 public:
  struct Options {
    std::string listen;  // an address, or localhost
    int64_t port = 0;
    int64_t threads = 1;  // each serves its connections
    ConnectionLimits limits = {};
    std::vector<std::string> hosts = {};  // further names by which it is reached
    std::string scratch;                  // a folder Drogon may use
  };
  // Every answer: its Route::path ("other" where there is none, "refused" before there was a
  // request), the time from the request to it. Any thread.
  using OnResponse = std::function<void(const std::string& route, const std::string& method,
                                        int status, double seconds)>;

  HttpServer(Options options, const std::vector<Route>& routes, OnResponse on_response);
  ~HttpServer();

  // The loop of run()'s thread, which serves no connection.
  EventLoop loop() const;

  // Listens and serves; returns after quit(). `on_listening` is called on loop().
  void run(std::function<void()> on_listening);

  // Serves no more. What is still being answered is cut off. Any thread.
  void quit();

  // "Drogon 1.9.13".
  static std::string framework();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace ai_bot
