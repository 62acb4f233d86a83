// Where a text may be cut, and how wide it is: by characters as people see them, which may be many
// code points (docs/decisions/0013-graphemes.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace ai_bot {

// Whether it is of one of Unicode's categories of punctuation (P*), or a mark of ASCII.
bool is_punctuation(uint32_t code_point);

// Whether it is a space of any width, or ends a line.
bool is_white_space(uint32_t code_point);

// Whether nothing of the text would be seen: spaces, zero-width characters.
bool is_blank(std::string_view text);

// The code point that ends before `at`; a space at the beginning.
uint32_t code_point_before(std::string_view text, size_t at);
// The one that begins at `at`; a space at the end.
uint32_t code_point_after(std::string_view text, size_t at);

// Where the text is best cut at or before `most` bytes: after a line, else after a sentence, else
// between words (any two characters in Chinese or Japanese, but no stop begins a part), else
// between graphemes (Unicode UAX #29: never within an emoji of several, a flag or a letter with its
// marks). Lines and sentences in the first half are no place to cut. Where `may_lose(begin)` is
// false, what lies between `begin` and `most` is too much to be left to the next part.
size_t best_border(std::string_view text, size_t most,
                   const std::function<bool(size_t begin)>& may_lose);

// The last border between two graphemes at or before `most`; `most` in the middle of the first.
size_t grapheme_border(std::string_view text, size_t most);

// Columns a text of one line takes in a font of fixed width: an emoji or an ideograph takes two.
size_t columns(std::string_view text);

}  // namespace ai_bot
