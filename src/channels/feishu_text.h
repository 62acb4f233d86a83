// Texts of Feishu's messages: a model's Markdown as a card's, rich texts (posts) as plain ones, and
// the placeholders of names.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "channels/channel.h"
#include "channels/markdown.h"

namespace ai_bot {

// The Markdown component of a card. Its size is that in a request, where the card is JSON in JSON.
Dialect feishu_markdown();

// The card that shows such a text.
nlohmann::json feishu_card(const std::string& markdown);

// A rich text: lines of tagged pieces ("Message content", post). Its images join `attachments`.
std::string feishu_post(const nlohmann::json& content, const std::string& message_id,
                        std::vector<Attachment>& attachments);

// The text with the names of people for their placeholders ("@_user_1"), in one pass, so that a
// name is never read as a placeholder.
std::string feishu_names(std::string_view text, const std::map<std::string, std::string>& names);

}  // namespace ai_bot
