// The HTTP server as the configuration has it.
#pragma once

#include <string>

#include "net/http_server.h"
#include "net/server_config.h"

namespace ai_bot {

HttpServer::Options http_options(const ServerConfig& config, const std::string& data_folder);

}  // namespace ai_bot
