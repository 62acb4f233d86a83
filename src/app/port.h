// Whether the server could listen.
#pragma once

#include "config/config.h"
#include "core/result.h"

namespace ai_bot {

// Drogon ends the program when it can't listen; so the port is tried before. The error says who may
// be using it and what to do.
Result<void> check_port(const ServerConfig& server);

}  // namespace ai_bot
