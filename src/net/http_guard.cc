#include "net/http_guard.h"

#include <vector>

#include "core/guarded.h"
#include "net/address.h"

namespace ai_bot {
namespace {

// Of a response of the framework's, the bytes before its body, at least (status line, length,
// date).
constexpr size_t kLeastResponseHeader = 100;

}  // namespace

void HttpGuard::connection(const trantor::TcpConnectionPtr& tcp) {
  if (!tcp->connected()) return forget(tcp.get());
  // Answers go out as they are made; a streamed one is many small pieces.
  tcp->setTcpNoDelay(true);
  const auto connection = std::make_shared<GuardedConnection>(tcp, limits_, on_refused_);
  if (!admit(tcp.get(), connection)) return tcp->forceClose();
  connection->stand_before_framework(tcp);
}

// With no room left, the longest waiting connection makes some: of all, or of the same address when
// that one has its share. A proxy on this machine speaks for many people, so loopback has none.
bool HttpGuard::admit(const trantor::TcpConnection* tcp, const GuardedConnectionPtr& connection) {
  std::lock_guard lock(mutex_);
  const bool all = static_cast<int64_t>(open_.size()) >= limits_.max_connections;
  const std::string& address = connection->address();
  const auto same = of_address_.find(address);
  const bool share = limits_.max_connections_per_ip > 0 && !is_loopback(address) &&
                     same != of_address_.end() && same->second >= limits_.max_connections_per_ip;
  if (all || share) {
    GuardedConnectionPtr victim;
    for (const auto& [other_tcp, other] : open_) {
      if (!other->waits() || (share && other->address() != address)) continue;
      if (!victim || other->waits_since() < victim->waits_since()) victim = other;
    }
    if (!victim) return false;
    victim->make_room();
  }
  open_.emplace(tcp, connection);
  ++of_address_[address];
  return true;
}

void HttpGuard::forget(const trantor::TcpConnection* tcp) {
  GuardedConnectionPtr connection;
  {
    std::lock_guard lock(mutex_);
    const auto at = open_.find(tcp);
    if (at == open_.end()) return;
    connection = at->second;
    open_.erase(at);
    const auto count = of_address_.find(connection->address());
    if (--count->second <= 0) of_address_.erase(count);
  }
  connection->gone();
}

GuardedConnectionPtr HttpGuard::of(const drogon::HttpRequestPtr& request) const {
  const auto tcp = request->getConnectionPtr().lock();
  std::lock_guard lock(mutex_);
  const auto at = open_.find(tcp.get());
  return at == open_.end() ? nullptr : at->second;
}

void HttpGuard::responding(const drogon::HttpRequestPtr& request,
                           const drogon::HttpResponsePtr& response) {
  const auto connection = of(request);
  if (!connection) return;
  const size_t body = request->isHead() ? 0 : response->body().size();
  const auto done = [connection, bytes = body + kLeastResponseHeader] {
    connection->sending(bytes);
    if (!connection->streams()) connection->answered();
  };
  if (connection->loop().is_this_thread()) return done();
  connection->loop().post("http.responding", done);
}

void HttpGuard::check(const trantor::EventLoop* loop) {
  std::vector<GuardedConnectionPtr> here;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [tcp, connection] : open_) {
      if (connection->is_on(loop)) here.push_back(connection);
    }
  }
  const SteadyTime now = steady_now();
  for (const GuardedConnectionPtr& connection : here) {
    if (!guarded("http.check", [&] { connection->check(now); })) connection->close();
  }
}

}  // namespace ai_bot
