// What of a session a model gets to see.
#pragma once

#include <functional>
#include <string>

#include "core/message.h"

namespace ai_bot {

using CountTokens = std::function<int(const std::string&)>;

// Tokens a chat template adds around one message at most (role names, separators).
constexpr int kTokensAroundMessage = 8;

// The system prompt, as many of the newest turns of `history` as fit, and the question: together,
// with `answer_tokens` for the answer, at most `context` tokens. Whole turns (a question and its
// answer) are dropped, oldest first; the system prompt and the question always stay.
ChatMessages fit_window(const std::string& system_prompt, const ChatMessages& history,
                        const std::string& question, int context, int answer_tokens,
                        const CountTokens& count);

}  // namespace ai_bot
