#include "assistant/window.h"

#include <algorithm>
#include <vector>

namespace ai_bot {
namespace {

struct Turn {
  size_t begin;  // index of its question in the history
  int tokens;
  bool begins_block;
};

// What comes before the first question belongs to no turn (its question was cut off) and is not
// shown.
std::vector<Turn> turns_of(const ChatMessages& history, int block, const CountTokens& cost) {
  std::vector<Turn> turns;
  int in_block = 0;
  for (size_t i = 0; i < history.size(); ++i) {
    if (history[i].role == "user") {
      const bool begins = turns.empty() || in_block >= block;
      if (begins) in_block = 0;
      turns.push_back({i, 0, begins});
    }
    if (turns.empty()) continue;
    const int tokens = cost(history[i].content);
    turns.back().tokens += tokens;
    in_block += tokens;
  }
  return turns;
}

}  // namespace

ChatMessages fit_window(const std::string& system_prompt, const ChatMessages& history,
                        const std::string& question, int context, int answer_tokens,
                        const CountTokens& count) {
  const auto cost = [&](const std::string& text) { return count(text) + kTokensAroundMessage; };
  int room = context - answer_tokens;
  if (!system_prompt.empty()) room -= cost(system_prompt);
  const std::vector<Turn> turns = turns_of(history, std::max(1, room / 2), cost);
  const int left = room - cost(question);
  size_t newest_that_fit = turns.size(), whole_blocks = turns.size();
  int tokens = 0;
  for (size_t i = turns.size(); i-- > 0;) {
    tokens += turns[i].tokens;
    if (tokens > left) break;
    newest_that_fit = i;
    if (turns[i].begins_block) whole_blocks = i;
  }
  const size_t first = whole_blocks < turns.size() ? whole_blocks : newest_that_fit;
  ChatMessages window;
  if (!system_prompt.empty()) window.push_back({"system", system_prompt});
  if (first < turns.size()) {
    const auto begin = history.begin() + static_cast<long>(turns[first].begin);
    window.insert(window.end(), begin, history.end());
  }
  window.push_back({"user", question});
  return window;
}

}  // namespace ai_bot
