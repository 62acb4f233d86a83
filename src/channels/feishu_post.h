// The texts of Feishu's composed messages: rich texts (posts) and cards, read and written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/message.h"

namespace ai_bot {

// A rich text: lines of tagged pieces, in one language or by language ("zh_cn"). Its images and
// videos join `attachments`.
std::string feishu_post(const nlohmann::json& content, const std::string& message_id,
                        std::vector<Attachment>& attachments);

// Whatever a card shows as text. Empty where the platform does not say.
std::string feishu_card_text(const nlohmann::json& content);

// A rich text that shows a card's Markdown as it is, behind a mention of `user` (empty: none): what
// can be sent when the card can't.
nlohmann::json plain_feishu_post(const std::string& markdown, const std::string& user);

}  // namespace ai_bot
