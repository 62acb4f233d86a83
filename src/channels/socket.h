// A platform's own long connection (mode: connect), as a protocol without any I/O: frames in,
// frames out. gateway/connections.cc owns the socket.
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
  // What answers the frame where the platform wants that by HTTP; sent as an acknowledgement is,
  // and nobody waits for what it says.
  std::optional<HttpRequest> request = {};
  bool reconnect = false;  // the platform wants a new connection
  // For committed(), once the event is on disk; 0: nothing. When it can't be taken in, the
  // connection is made again, so that the platform repeats what was not committed.
  int64_t mark = 0;
};

class SocketProtocol {
 public:
  virtual ~SocketProtocol() = default;

  // The request that gives the socket's address.
  virtual HttpRequest open_request() const = 0;
  // The address (ws:// or wss://) of the next connection. Errors: kUnauthorized when the same again
  // is refused again until somebody mends the set-up; any other passes, after Error::retry_after
  // where the platform says how long.
  virtual Result<std::string> read_address(const HttpReply& response, int64_t now_ms) = 0;

  // The connection is there; nothing of the one before counts any more.
  virtual void on_open() {}
  // It ended with this code of a Close frame (RFC 6455, 7.4; 0: without one). A text says why the
  // platform refuses for good, and what to do.
  virtual std::optional<Text> on_close(int) { return std::nullopt; }
  // The code with which ai_bot ends it.
  virtual int close_code() const { return 1000; }

  // What the platform asks for before a new connection: so long at most after one that worked, at
  // random, that its clients do not all return at once; and so long between attempts. 0: nothing.
  struct Reconnect {
    milliseconds spread{0}, between{0};
  };
  virtual Reconnect reconnect() const { return {}; }

  // `self`: who the bot is; null while it is not known.
  virtual SocketStep on_frame(std::string_view frame, const Identity* self, int64_t now_ms) = 0;

  // Frames are binary, not text.
  virtual bool is_binary() const { return false; }

  // The frame that keeps the connection alive, and how often it is sent; 0 where the platform does.
  virtual milliseconds heartbeat_every() const { return milliseconds(0); }
  virtual std::string heartbeat() { return ""; }
  // When the next heartbeat is due: the last one was not answered, so nobody may be there any more.
  virtual bool is_deaf() const { return false; }

  // The event of a step with this mark is on disk. Called on the thread of on_frame().
  virtual void committed(int64_t) {}
};

}  // namespace ai_bot
