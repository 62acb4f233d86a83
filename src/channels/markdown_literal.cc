#include "channels/markdown_literal.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "channels/guard.h"
#include "channels/text_borders.h"

namespace ai_bot {
namespace {

constexpr std::string_view kHairSpace = "\u200a";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }

bool is_ascii_mark(char c) { return c > ' ' && c < 0x7F && (!is_word(c) || c == '_'); }

// What stands beside the text counts as a letter of no word.
char char_at(std::string_view text, size_t at) { return at < text.size() ? text[at] : '\x7F'; }

bool means_something(std::string_view text, size_t at) {
  const char mark = text[at], before = char_at(text, at - 1), after = char_at(text, at + 1);
  switch (mark) {
    case '*':
      return !is_space(before) || !is_space(after);
    case '_':
      return !(is_space(before) && is_space(after)) &&
             !(before != '_' && after != '_' && is_word(before) && is_word(after));
    case '~':
    case '|':
      return before == mark || after == mark;
    case '\\':
      return after == '\x7F' || is_ascii_mark(after);
    case '&':
      return is_reference(text, at);
    default:
      return true;
  }
}

// Where in a line the mark stands that would make it a block's, or npos.
size_t block_mark(std::string_view line) {
  const size_t at = line.find_first_not_of(' ');
  if (at == std::string_view::npos) return at;
  const std::string_view text = line.substr(at);
  const size_t run = std::min(text.find_first_not_of(text[0]), text.size());
  switch (text[0]) {
    case '>':
      return at;
    case '#':
      return run == text.size() || is_space(text[run]) ? at : std::string_view::npos;
    case '-':
    case '=':
    case '+':
    case '*':
      // An item, a rule, a line under a heading, Discord's small text ("-# x").
      return run == text.size() || (text[0] != '=' && run == 1 && is_space(text[1])) ||
                     text.starts_with("-#")
                 ? at
                 : std::string_view::npos;
    default: {
      constexpr size_t kMostDigits = 9;
      const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
      const char stop = char_at(text, digits);
      const bool item = digits > 0 && digits <= kMostDigits && (stop == '.' || stop == ')') &&
                        (digits + 1 == text.size() || is_space(text[digits + 1]));
      return item ? at + digits : std::string_view::npos;
    }
  }
}

}  // namespace

std::string backslashed(char mark) { return {'\\', mark}; }

std::string as_reference(char mark) {
  return fmt::format("&#{};", static_cast<int>(static_cast<unsigned char>(mark)));
}

std::string behind_seam(char mark) { return std::string(kSeam) + mark; }

std::string literal_text(std::string_view raw, const LiteralMarks& marks) {
  std::string out;
  out.reserve(raw.size());
  for (size_t at = 0; at < raw.size(); ++at) {
    const bool mark = marks.marks.find(raw[at]) != std::string_view::npos;
    if (mark && means_something(raw, at)) {
      out += marks.write(raw[at]);
    } else {
      out += raw[at];
    }
  }
  return out;
}

std::string literal_lines(std::string_view written, const LiteralMarks& marks) {
  std::string out;
  out.reserve(written.size());
  for (;;) {
    const std::string_view line = written.substr(0, written.find('\n'));
    const size_t mark = block_mark(line);
    if (mark == std::string_view::npos ||
        marks.block_marks.find(line[mark]) == std::string_view::npos) {
      out += line;
    } else {
      out.append(line.substr(0, mark))
          .append(marks.write(line[mark]))
          .append(line.substr(mark + 1));
    }
    if (line.size() == written.size()) return out;
    out += '\n';
    written.remove_prefix(line.size() + 1);
  }
}

std::string loosened_text(std::string_view raw, std::string_view marks) {
  const auto is_border = [](uint32_t c) { return is_white_space(c) || is_punctuation(c); };
  std::string closing;        // the marks of which one ends something further on in the line
  std::vector<size_t> loose;  // where a space is put in, from the end on
  for (size_t end = raw.size(); end > 0;) {
    const char mark = raw[end - 1];
    size_t begin = end - 1;
    if (mark == '\n') closing.clear();
    if (marks.find(mark) == std::string_view::npos) {
      end = begin;
      continue;
    }
    while (begin > 0 && raw[begin - 1] == mark) --begin;
    const uint32_t before = code_point_before(raw, begin), after = code_point_after(raw, end);
    const bool closes = closing.find(mark) != std::string::npos;
    if (closes && is_border(before) && !is_white_space(after)) loose.push_back(end);
    if (!closes && is_border(after) && !is_white_space(before)) closing += mark;
    end = begin;
  }
  std::string out;
  size_t begin = 0;
  for (; !loose.empty(); loose.pop_back()) {
    out.append(raw.substr(begin, loose.back() - begin)).append(kHairSpace);
    begin = loose.back();
  }
  return out.append(raw.substr(begin));
}

bool is_reference(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (is_word(text[end]) || text[end] == '#')) ++end;
  return end > at + 1 && end < text.size() && text[end] == ';';
}

}  // namespace ai_bot
