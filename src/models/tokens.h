// Counting tokens without a tokenizer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ai_bot {

// An estimate from above for common vocabularies: one token for each CJK character, one for every
// three bytes of anything else, rounded up.
int estimate_tokens(std::string_view utf8);

// An estimate for one image of a common size. A megapixel takes 765 tokens of gpt-4o ("Images and
// vision", calculating costs), about 1,300 of Claude ("Vision": width x height / 750) and of
// Qwen2-VL (28 x 28 pixels each), 256 of Gemma 3.
constexpr int kTokensOfImage = 1000;

std::vector<int> estimate_tokens(const std::vector<std::string>& texts);

}  // namespace ai_bot
