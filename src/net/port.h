// Whether the server could listen.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace ai_bot {

// Drogon ends the program when it can't listen; so the port is tried before. The error says who may
// be using it and what to do.
Result<void> check_port(const std::string& listen, int64_t port);

}  // namespace ai_bot
