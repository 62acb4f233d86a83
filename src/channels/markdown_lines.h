// What a line of Markdown is, as cmark reads it, as far as MarkdownSource must know.
#pragma once

#include <string>
#include <string_view>

namespace ai_bot::markdown {

// Bytes of a line that begins code, and of the two that begin a table, which later pieces repeat.
constexpr size_t kLongestFence = 64, kLongestHead = 2000;
constexpr size_t kLongestLabel = 200;  // bytes; that of a longer definition is none

// A blank within a line.
bool is_space(char c);

// The line, with the first marker that would be too deep made text.
std::string bounded(std::string_view line, bool whole);

// The fence a line begins or ends code with, or nothing.
std::string_view fence_of(std::string_view line);

// Whether code that `opening` began ends at this line.
bool closes(std::string_view opening, std::string_view line);

// Whether the parser may be in code where follow() is in none, or the other way round, after a line
// that led from `before` to `after`: there are code and HTML in lists and quotations, and code that
// ends with its list.
bool is_doubtful(std::string_view line, std::string_view before, std::string_view after);

// Whether it begins code at the margin.
bool opens_at_margin(std::string_view line);

// The line below a table's head ("|---|:-:|").
bool is_delimiter_row(std::string_view line);

// A label of a definition, as labels are compared.
std::string normal_label(std::string_view label);

// The label of a definition of one line ("[1]: https://a.example"), or nothing. Stricter than the
// parser, for what is carried must not be shown.
std::string label_of_definition(std::string_view line);

}  // namespace ai_bot::markdown
