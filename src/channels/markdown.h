// A model's Markdown in a platform's dialect, cut into messages of its size. Parsed by cmark-gfm
// (GitHub's Markdown with tables and strikethrough); here each block is only written another way,
// so that a cut never falls into a code fence or a tag. Nothing a model writes mentions anybody or
// is a link but to the web (guard.h); whatever it is, time and size stay linear.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "channels/guard.h"

namespace ai_bot {

// How a platform writes things. Texts given to the functions are written already, except where they
// are called raw; addresses are of the web (web_address).
struct Dialect {
  std::function<std::string(std::string_view raw)> escape;
  std::function<std::string(const std::string&)> strong;
  std::function<std::string(const std::string&)> emphasis;
  std::function<std::string(const std::string&)> strike;
  std::function<std::string(std::string_view raw)> code;
  std::function<std::string(const std::string& text, const std::string& address)> link;
  std::function<std::string(int level, const std::string&)> heading;
  std::function<std::string(const std::string& language, std::string_view raw)> code_block;
  std::function<std::string(const std::string&)> quote;
  bool tables = false;  // writes Markdown's own tables; otherwise they become aligned columns
  // An address of the web that is its own text; without it that is a link as any.
  std::function<std::string(std::string_view raw)> bare_link;
  bool mail_links = false;  // mailto: is a link
  size_t quotes = 10;       // quotations in one another that are written as such

  // What counts against the limit (bytes, or UTF-16 units). That of two texts in a row is the sum.
  std::function<size_t(std::string_view)> size = [](std::string_view text) { return text.size(); };
  size_t most = 4000;  // of one message, in that measure
};

// Markdown as most platforms know it: the starting point of a dialect. `is_mention` says what the
// platform takes for one.
Dialect plain_markdown(MentionTest is_mention = no_mentions);

// Each line as a quotation.
std::string quoted_lines(std::string_view text);

constexpr size_t kAllParts = std::numeric_limits<size_t>::max();

// The messages, none longer than `most` and at most `parts`; at least one unless the text is empty.
// Cuts fall between blocks, else between lines, else between characters; code is fenced again in
// each part, a table has its head again. Where there would be more parts the last one says so.
std::vector<std::string> render_markdown(const std::string& markdown, const Dialect& dialect,
                                         size_t parts = kAllParts);

// Units of UTF-16, in which Telegram and Discord count.
size_t utf16_size(std::string_view utf8);

}  // namespace ai_bot
