// A platform's own long connection (mode: connect), as a protocol without any I/O: frames in,
// frames out. app/connections.cc owns the socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/channel.h"

namespace ai_bot {

// What a frame asks for.
struct SocketStep {
  std::vector<std::string> send;   // at once
  std::optional<Reading> reading;  // an event to be committed …
  std::string acknowledgement;  // … and what is sent after that (or at once when there is none)
  bool reconnect = false;       // the platform wants a new connection
};

class SocketProtocol {
 public:
  virtual ~SocketProtocol() = default;

  // The request that gives the socket's address.
  virtual HttpRequest open_request() const = 0;
  // The address (ws:// or wss://). Errors: kUnauthorized when the credentials are wrong.
  virtual Result<std::string> read_address(const HttpReply& response) = 0;

  // `self`: who the bot is; null while it is not known.
  virtual SocketStep on_frame(std::string_view frame, const Identity* self, int64_t now_ms) = 0;

  // Frames are binary, not text.
  virtual bool is_binary() const { return false; }

  // The frame that keeps the connection alive, and how often it is sent; 0 where the platform does.
  virtual milliseconds heartbeat_every() const { return milliseconds(0); }
  virtual std::string heartbeat() const { return ""; }
};

}  // namespace ai_bot
