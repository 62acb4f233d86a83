// The section `server`.
#pragma once

#include <string>
#include <vector>

#include "config/checks.h"
#include "config/fields.h"

namespace ai_bot {

struct ServerConfig {
  std::string listen = "127.0.0.1";
  int64_t port = 8080;
  int64_t threads = 1;
  Bytes max_body = 1_MiB;
  Bytes max_header = 16_KiB;
  int64_t max_connections = 1000;
  int64_t max_connections_per_ip = 200;
  int64_t max_answers = 256;
  Bytes max_unsent = 256_KiB;
  Duration header_timeout = 10s;
  Bytes min_rate = 1_KiB;
  Duration write_timeout = 30s;
  Duration idle_timeout = 60s;
  Duration stream_ping = 15s;
  std::vector<std::string> hosts;
  Duration shutdown_grace = 20s;
};

void fields(Visitor& v, ServerConfig& c);

void check_server(Checks& check, const ServerConfig& config);

}  // namespace ai_bot
