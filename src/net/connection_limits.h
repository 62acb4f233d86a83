// What the connections of clients may cost (docs/decisions/0010-connections.md).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.h"

namespace ai_bot {

struct ConnectionLimits {
  size_t max_header = 16 << 10;   // bytes of a request line and its headers
  size_t max_body = 1 << 20;      // bytes
  size_t max_unsent = 256 << 10;  // bytes of answers that a client has not taken yet
  int64_t max_connections = 1000;
  int64_t max_connections_per_ip = 200;  // of an address that is not loopback; 0: no such limit
  milliseconds header_timeout{10000};    // from the first byte of a request to its last header
  int64_t min_rate = 1 << 10;            // bytes of a body a second
  milliseconds write_timeout{30000};     // in which some of an answer must get out
  milliseconds idle_timeout{60000};      // between two requests
  milliseconds stream_ping{15000};       // of silence, until a stream says that it is at work
};

}  // namespace ai_bot
