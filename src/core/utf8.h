// UTF-8 as it comes from outside: read code by code point, repair, cut without breaking a
// character.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ai_bot {

constexpr uint32_t kReplacementCharacter = 0xFFFD;

// The code point at `at`, which moves behind it. A byte that starts no valid sequence counts as one
// replacement character (Unicode 15, 3.9, "maximal subpart" is not needed here).
uint32_t next_code_point(std::string_view utf8, size_t& at);

// Ideographs, kana, hangul and full-width forms: scripts a tokenizer spends about a token a
// character on.
bool is_cjk(uint32_t code_point);

bool is_valid_utf8(std::string_view bytes);

// At most `max_bytes` of the text, ending at a character's border.
std::string_view truncate_utf8(std::string_view utf8, size_t max_bytes);

// The text without white space (ASCII and the ideographic space) at both ends.
std::string_view trim(std::string_view utf8);

}  // namespace ai_bot
