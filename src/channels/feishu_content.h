// What a Feishu message says: its content, a JSON text that is another one for each type ("Receive
// message content"), as it comes with an event and as GET im/v1/messages/:id gives it.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "channels/incoming.h"

namespace ai_bot {

struct FeishuContent {
  std::string text;  // names are still placeholders
  std::vector<Attachment> attachments;
  Text unreadable;  // what it is, when nothing of it can be read
};

FeishuContent read_feishu_content(const std::string& type, const std::string& content,
                                  const std::string& message_id);

// The text with the names of people for their placeholders ("@_user_1"), in one pass, so that a
// name is never read as a placeholder.
std::string feishu_names(std::string_view text, const std::map<std::string, std::string>& names);

// What GET im/v1/messages/:id gives: one message, or those that were forwarded together, each
// behind who wrote it. Empty: nothing that can be read.
std::string read_feishu_quoted(const nlohmann::json& data);

}  // namespace ai_bot
