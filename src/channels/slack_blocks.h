// Blocks of a Slack message ("Block Kit: blocks") as the mrkdwn that says the same, for messages
// that have no other text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace ai_bot {

// Kinds that say nothing, or are not known, are left out.
std::string slack_blocks_text(const nlohmann::json& blocks);

}  // namespace ai_bot
