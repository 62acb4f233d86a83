// Characters of a text that would mean something in a platform's Markdown, written so that they are
// seen and mean nothing.
#pragma once

#include <string>
#include <string_view>

namespace ai_bot {

// How a platform has a mark written that is only seen.
using WriteMark = std::string (*)(char mark);

std::string backslashed(char mark);   // "\*"
std::string as_reference(char mark);  // "&#42;"
std::string behind_seam(char mark);   // an invisible character before it

// What a platform's language is made of.
struct LiteralMarks {
  std::string_view marks = "*_~`\\";  // within a line, of these: * _ ~ ` | \ & < >
  WriteMark write = backslashed;
  std::string_view block_marks = "#>-+*=.)";  // that begin a line ('.' and ')' behind a number)
};

// The text with its marks written: those that can begin or end something, so not "2 * 3" nor
// "snake_case", a single '~' or '|', '&' but before what looks like a reference, or '\' before a
// letter. What stands beside the text is not known.
std::string literal_text(std::string_view raw, const LiteralMarks& marks);

// The written lines of a paragraph, of which none begins what is a block: a heading, a quotation,
// an item, a rule.
std::string literal_lines(std::string_view written, const LiteralMarks& marks);

// For platforms that have no way to write a mark: a hair space behind each that would begin
// something which another one ends. No invisible character does: Slack takes those for borders.
std::string loosened_text(std::string_view raw, std::string_view marks);

// Whether "&" at `at` begins a character reference.
bool is_reference(std::string_view text, size_t at);

}  // namespace ai_bot
