// How the channels of a running server stand, out of its status.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/command.h"

namespace ai_bot {

// One object a channel, with its own connection or its webhook, as health gives them.
std::vector<nlohmann::json> channel_states(const nlohmann::json& status);

// What is wrong, a sentence each: of what comes in, and of what goes out.
std::vector<std::string> problems_of_channel(const nlohmann::json& state);

// "connected", "refused: …"
std::string state_text(const nlohmann::json& state);
// "connected as @bot for 3 h 2 min", "refused for 12 min: …"
std::string state_line(const Cli& cli, const nlohmann::json& state);

// "6 d 4 h", "4 h 12 min", "12 min", "40 s"
std::string duration(const Cli& cli, int64_t seconds);

}  // namespace ai_bot
