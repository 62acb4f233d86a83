// A model's Markdown as Feishu's cards show it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "channels/markdown.h"

namespace ai_bot {

// The Markdown component of a card. Its size is that in a request, where the card is JSON in JSON.
Dialect feishu_markdown();

// The card that shows such a text.
nlohmann::json feishu_card(const std::string& markdown);

}  // namespace ai_bot
