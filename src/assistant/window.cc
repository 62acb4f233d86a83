#include "assistant/window.h"

namespace ai_bot {

ChatMessages fit_window(const std::string& system_prompt, const ChatMessages& history,
                        const std::string& question, int context, int answer_tokens,
                        const CountTokens& count) {
  const auto cost = [&](const std::string& text) { return count(text) + kTokensAroundMessage; };
  int left = context - answer_tokens - cost(question);
  if (!system_prompt.empty()) left -= cost(system_prompt);
  size_t first = history.size();
  size_t turn_begin = history.size();
  int turn_cost = 0;
  while (turn_begin > 0) {
    --turn_begin;
    turn_cost += cost(history[turn_begin].content);
    if (turn_cost > left) break;
    if (history[turn_begin].role != "user") continue;
    first = turn_begin;
    left -= turn_cost;
    turn_cost = 0;
  }
  ChatMessages window;
  if (!system_prompt.empty()) window.push_back({"system", system_prompt});
  window.insert(window.end(), history.begin() + static_cast<long>(first), history.end());
  window.push_back({"user", question});
  return window;
}

}  // namespace ai_bot
