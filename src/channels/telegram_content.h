// What a Telegram message holds besides its words: files, things that become a word in brackets,
// and the words of others that it answers or forwards.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "channels/incoming.h"

namespace ai_bot {

// Fills in `text` (of which `words` are what the person wrote), `attachments`, `quotes` and, when
// there is nothing of all that, `unreadable`. `bot`: its id.
void read_telegram_content(const nlohmann::json& message, const std::string& words,
                           const std::string& bot, Incoming& incoming);

// Whether a message answers the first one of its topic, as Telegram has it of every message there
// that answers no other: that is nobody's reply.
bool answers_topic_only(const nlohmann::json& message);

}  // namespace ai_bot
