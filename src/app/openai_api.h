// OpenAI's API: POST /v1/chat/completions (streamed and not) and GET /v1/models (API reference,
// "Chat" and "Models"). Without state, unless the request carries the header X-Ai-Bot-Conversation:
// then its last user message becomes a turn of that conversation, whose history, commands and lane
// are ours.
#pragma once

#include <drogon/HttpRequest.h>

#include "app/parts.h"
#include "app/replies.h"

namespace ai_bot {

constexpr const char* kConversationHeader = "X-Ai-Bot-Conversation";

void handle_chat_completions(Parts& parts, const drogon::HttpRequestPtr& request, Respond respond);
void handle_models(Parts& parts, Respond respond);

}  // namespace ai_bot
