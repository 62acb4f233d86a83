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

// Whether a character ends a line, or is a control or a mark of direction that changes what is seen
// of the text around it.
bool is_line_break(uint32_t code_point);
bool is_control(uint32_t code_point);

// At most `max_bytes` of the text as one line: what is_control() says is a space. Ends at a
// character's border.
std::string one_line(std::string_view utf8, size_t max_bytes);

// The text without white space (ASCII and the ideographic space) at both ends.
std::string_view trim(std::string_view utf8);

}  // namespace ai_bot
