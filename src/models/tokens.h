// Counting tokens without a tokenizer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ai_bot {

// An estimate from above for common vocabularies: one token for each CJK character, one for every
// three bytes of anything else, rounded up.
int estimate_tokens(std::string_view utf8);

std::vector<int> estimate_tokens(const std::vector<std::string>& texts);

}  // namespace ai_bot
