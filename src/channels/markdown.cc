#include "channels/markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/markdown_parts.h"
#include "channels/markdown_source.h"
#include "channels/markdown_tree.h"
#include "channels/markdown_writer.h"
#include "channels/text_borders.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

// The text of a link, which an odd bracket would end.
std::string with_paired_brackets(const std::string& text, WriteMark write) {
  int depth = 0;
  bool paired = true;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    paired = paired && depth >= 0;
  }
  if (paired && depth == 0) return text;
  std::string out;
  for (const char c : text) out += c == '[' || c == ']' ? write(c) : std::string(1, c);
  return out;
}

MarkdownParts parts_of(const std::string& text, const Dialect& dialect, MarkdownParts parts) {
  MarkdownSource source(text);
  for (std::string piece; !parts.is_cut() && source.next(piece);) {
    const markdown::Tree document = markdown::parse(piece);
    for (const Block& block : markdown::written_blocks(document.get(), dialect)) parts.add(block);
  }
  return parts;
}

}  // namespace

Dialect plain_markdown(MentionTest is_mention, LiteralMarks marks) {
  Dialect dialect;
  dialect.escape = [=](std::string_view raw) {
    return guarded_text(literal_text(raw, marks), is_mention);
  };
  dialect.lines = [=](std::string_view text) { return literal_lines(text, marks); };
  dialect.strong = [](const std::string& text) { return "**" + text + "**"; };
  dialect.emphasis = [](const std::string& text) { return "*" + text + "*"; };
  dialect.strike = [](const std::string& text) { return "~~" + text + "~~"; };
  dialect.code = [is_mention](std::string_view raw) { return code_span(raw, is_mention); };
  dialect.link = [=](const std::string& text, const std::string& address) {
    return fmt::format("[{}]({})", with_paired_brackets(text, marks.write), address);
  };
  dialect.bare_link = [is_mention](std::string_view raw) { return bare_address(raw, is_mention); };
  dialect.heading = [](int level, const std::string& text) {
    return std::string(static_cast<size_t>(level), '#') + " " + text;
  };
  dialect.code_block = [is_mention](const std::string& language, std::string_view raw) {
    return fmt::format("```{}\n{}\n```", language, guarded_code(raw, is_mention));
  };
  dialect.quote = quoted_lines;
  return dialect;
}

std::string quoted_lines(std::string_view text) {
  std::string out = "> ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "> ";
  }
  return out;
}

std::string behind_mention(std::string_view mention, std::string_view answer) {
  const size_t digits = std::min(answer.find_first_not_of("0123456789"), answer.size());
  const bool numbered = digits > 0 && answer.substr(digits).starts_with(". ");
  bool block = numbered;
  for (const std::string_view mark : {"#", "|", ">", "- ", "```"})
    block = block || answer.starts_with(mark);
  return fmt::format("{}{}{}", mention, block ? "\n\n" : " ", answer);
}

std::vector<std::string> render_markdown(const std::string& markdown, const Dialect& dialect,
                                         size_t parts) {
  if (is_blank(markdown)) return {};
  const bool too_long = dialect.size(markdown) / dialect.most >= parts;
  MarkdownParts messages = parts_of(markdown, dialect, MarkdownParts(dialect, parts, too_long));
  if (messages.is_cut() && !too_long)
    messages = parts_of(markdown, dialect, MarkdownParts(dialect, parts, true));
  return messages.take();
}

size_t utf16_size(std::string_view utf8) {
  size_t units = 0;
  for (size_t at = 0; at < utf8.size();) units += next_code_point(utf8, at) > 0xFFFF ? 2 : 1;
  return units;
}

}  // namespace ai_bot
