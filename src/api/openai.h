// OpenAI's API: POST /v1/chat/completions (streamed and not) and GET /v1/models (API reference,
// "Chat" and "Models"). Without state, unless the request carries the header X-Ai-Bot-Conversation:
// then its last user message becomes a turn of that conversation, whose history, commands and lane
// are ours.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "assistant/assistant.h"
#include "core/phase.h"
#include "models/router.h"
#include "net/route.h"

namespace ai_bot {

constexpr const char* kConversationHeader = "X-Ai-Bot-Conversation";

// All of it outlives the server.
struct OpenaiNeeds {
  Router& router;
  Assistant& assistant;
  const std::atomic<Phase>& phase;
  std::atomic<int64_t>& answers_under_way;
  int64_t max_answers;  // under way at once
  size_t max_message;   // bytes of a conversation's message
};

std::vector<Route> openai_routes(const OpenaiNeeds& needs);

// Returns once no answer is under way, or at the deadline.
void await_answers(const std::atomic<int64_t>& under_way, SteadyTime deadline);

}  // namespace ai_bot
