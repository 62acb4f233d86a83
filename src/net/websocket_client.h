// A WebSocket that we open (RFC 6455): libcurl makes the connection, wslay reads and writes the
// frames.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "net/url.h"

namespace ai_bot {

enum class FrameKind { kText, kBinary, kClose, kOther };

// Stands for an open connection. Any thread may use it, also when that has ended.
class WebSocket {
 public:
  class Line;

  explicit WebSocket(std::shared_ptr<Line> line) : line_(std::move(line)) {}

  void send(std::string_view message, FrameKind kind) const;
  void ping() const;

 private:
  std::shared_ptr<Line> line_;
};

struct WebSocketOptions {
  Url url;
  std::string proxy;        // as in HttpRequest
  milliseconds timeout{0};  // until it is open
  // Bytes of a message in all its frames; a longer one ends the connection before it is read.
  size_t max_message = 8 << 20;
};

// Called on the connection's thread, which is that of run_websocket().
struct WebSocketHandlers {
  std::function<void()> on_open;
  // A whole message, or a control frame. kClose: its code and reason (5.5.1).
  std::function<void(const std::string& message, FrameKind kind, const WebSocket& socket)> on_frame;
  // While it is open, several times a second.
  std::function<void(const WebSocket& socket)> on_tick;
  // Asked several times a second, and after each frame: true ends the connection with a good-bye
  // of `close_code` (7.4).
  std::function<bool()> is_over;
  int close_code = 1000;
};

// Opens a connection and serves it. Returns when it is over, and why: no error when is_over() said
// so. kTimeout and kUnavailable with "no WebSocket at HOST" when it was never open.
Result<void> run_websocket(const WebSocketOptions& options, const WebSocketHandlers& handlers);

}  // namespace ai_bot
