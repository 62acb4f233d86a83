// A WebSocket that we open (RFC 6455).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/event_loop.h"
#include "net/url.h"

namespace drogon {
class WebSocketConnection;
class WebSocketClient;
}  // namespace drogon

namespace ai_bot {

enum class FrameKind { kText, kBinary, kClose, kOther };

// An open connection, as long as anybody holds it. Any thread.
class WebSocket {
 public:
  WebSocket() = default;  // none
  explicit WebSocket(std::shared_ptr<drogon::WebSocketConnection> connection)
      : connection_(std::move(connection)) {}

  explicit operator bool() const { return connection_ != nullptr; }
  void send(std::string_view frame, FrameKind kind) const;
  void ping_every(milliseconds time) const;
  // Says good-bye with a code of RFC 6455, 7.4, and closes.
  void shut_down(int code) const;

 private:
  std::shared_ptr<drogon::WebSocketConnection> connection_;
};

// Let it go on its loop's thread, where its handlers run: none does after that.
class WebSocketClient {
 public:
  struct Handlers {
    std::function<void()> on_open;
    std::function<void(const std::string& why)> on_failed;  // it was never open
    std::function<void(const std::string& frame, FrameKind kind, const WebSocket& socket)> on_frame;
    std::function<void()> on_closed;
  };

  // Begins to connect. Any thread.
  WebSocketClient(EventLoop loop, const Url& url, Handlers handlers);
  ~WebSocketClient();

  // None until it is open. On the loop's thread.
  WebSocket socket() const;

 private:
  const std::shared_ptr<drogon::WebSocketClient> client_;
};

}  // namespace ai_bot
