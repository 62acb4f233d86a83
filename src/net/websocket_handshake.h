// The opening handshake of a WebSocket from its client's side (RFC 6455, 4.1).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "net/url.h"

namespace ai_bot {

// The Sec-WebSocket-Accept that belongs to a Sec-WebSocket-Key (4.2.2).
std::string websocket_accept(const std::string& key);

class WebSocketHandshake {
 public:
  explicit WebSocketHandshake(const Url& url);
  ~WebSocketHandshake();

  // What opens it.
  const std::string& request() const { return request_; }

  // Takes more of the answer, at least a byte. Once it is whole: what came behind it, which are
  // frames. kUnavailable when the other side refuses, or answers something else.
  Result<std::optional<std::string>> read(std::string_view bytes);

 private:
  class Answer;

  const std::string key_;  // Sec-WebSocket-Key
  const std::string request_;
  std::unique_ptr<Answer> answer_;
};

}  // namespace ai_bot
