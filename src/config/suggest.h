// "Did you mean …?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ai_bot {

// The candidate nearest to the word (edit distance at most a third of its length, at least 1), or
// an empty string.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace ai_bot
