// All connections of clients. When there are as many as may be, the one that has kept us waiting
// longest makes room for the new one, so that slow clients never shut out others
// (docs/decisions/0010-connections.md).
#pragma once

#include <drogon/HttpRequest.h>
#include <drogon/HttpResponse.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "net/guarded_connection.h"

namespace ai_bot {

class HttpGuard {
 public:
  // `limits` must outlive it. `on_refused`: what was answered before any route saw it.
  HttpGuard(const ConnectionLimits& limits, GuardedConnection::OnRefused on_refused)
      : limits_(limits), on_refused_(std::move(on_refused)) {}

  // Drogon's connection callback: a connection came or went.
  void connection(const trantor::TcpConnectionPtr& tcp);

  // A response is about to be sent. Any thread.
  void responding(const drogon::HttpRequestPtr& request, const drogon::HttpResponsePtr& response);

  // Closes what is late on this loop; call it several times a second there.
  void check(const trantor::EventLoop* loop);

 private:
  // The connection of a request; null when it is gone. Any thread.
  GuardedConnectionPtr of(const drogon::HttpRequestPtr& request) const;
  bool admit(const trantor::TcpConnection* tcp, const GuardedConnectionPtr& connection);
  void forget(const trantor::TcpConnection* tcp);

  const ConnectionLimits& limits_;
  const GuardedConnection::OnRefused on_refused_;
  mutable std::mutex mutex_;
  std::unordered_map<const trantor::TcpConnection*, GuardedConnectionPtr> open_;
  std::unordered_map<std::string, int64_t> of_address_;  // connections
};

}  // namespace ai_bot
