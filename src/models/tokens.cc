#include "models/tokens.h"

#include "core/utf8.h"

namespace ai_bot {

int estimate_tokens(std::string_view utf8) {
  size_t wide = 0;
  size_t other_bytes = 0;
  for (size_t at = 0; at < utf8.size();) {
    const size_t start = at;
    if (is_cjk(next_code_point(utf8, at))) {
      ++wide;
    } else {
      other_bytes += at - start;
    }
  }
  return static_cast<int>(wide + (other_bytes + 2) / 3);
}

std::vector<int> estimate_tokens(const std::vector<std::string>& texts) {
  std::vector<int> tokens;
  tokens.reserve(texts.size());
  for (const std::string& text : texts) tokens.push_back(estimate_tokens(text));
  return tokens;
}

}  // namespace ai_bot
