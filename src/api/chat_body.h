// The body of a POST /v1/chat/completions, checked before anything is done with it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/message.h"
#include "core/result.h"

namespace ai_bot {

// The body as an object whose members are of the kinds OpenAI's API reference gives ("Create chat
// completion"), as far as this program or llama-server reads them; kInvalid names the first that is
// not. A null is as good as a missing member, and so is `[]` where an object is due: PHP writes an
// empty one so. Both are taken out; "stream" is always there. What the values mean is for the
// model's endpoint to judge.
Result<nlohmann::json> parse_chat_body(std::string_view text);

// What the last message of a conversation says, which must be the user's: its text, or the text
// parts of it, with a word for each image.
struct Said {
  std::string text;
  Images images;
};
Result<Said> last_said(const nlohmann::json& body);

}  // namespace ai_bot
