// What of a session a model gets to see.
#pragma once

#include <functional>
#include <string>

#include "core/message.h"

namespace ai_bot {

using CountTokens = std::function<int(const std::string&)>;

// Tokens a chat template adds around one message at most (role names, separators).
constexpr int kTokensAroundMessage = 8;

// The system prompt, the newest turns of `history`, and the question: together, with
// `answer_tokens` for the answer, at most `context` tokens. Whole turns (a question and its answer)
// are dropped, oldest first; the system prompt and the question always stay.
//
// Turns are dropped in blocks of about half a window, whose borders depend on the history's
// beginning alone: for many turns the window begins with the same messages, which a model (or its
// provider) need not read again. Dropping one turn at a time would make it read everything anew on
// each turn, for ever, once a conversation fills its window. Only a question that leaves less room
// than a block takes more than whole blocks away.
ChatMessages fit_window(const std::string& system_prompt, const ChatMessages& history,
                        const std::string& question, int context, int answer_tokens,
                        const CountTokens& count);

}  // namespace ai_bot
