// Texts of Telegram's messages: a model's Markdown as the Bot API's HTML, and what people wrote
// with its entities (mentions, commands, hidden links).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "channels/channel.h"
#include "channels/markdown.h"

namespace ai_bot {

// An id, which is a number there, as text; empty where there is none.
std::string telegram_id(const nlohmann::json& object, const char* key = "id");

// "HTML style" of the Bot API.
Dialect telegram_html();

struct TelegramWords {
  std::string text;
  bool mentions_bot = false;
  bool is_anothers_command = false;  // "/new@another_bot"
};

// A message's text or caption with the bot's mentions removed and hidden links made visible.
// Handles are the same in any case of letters. `self` may be null; `bot`: its id.
TelegramWords telegram_words(const nlohmann::json& message, const Identity* self,
                             const std::string& bot);

}  // namespace ai_bot
