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
#include "channels/markdown_literal.h"

namespace ai_bot {

// How a platform writes things. Texts given to the functions are written already, except where they
// are called raw; addresses are of the web (web_address).
struct Dialect {
  std::function<std::string(std::string_view raw)> escape;
  // Lines of a paragraph, of which none may begin a block.
  std::function<std::string(std::string_view)> lines = [](std::string_view text) {
    return std::string(text);
  };
  // Marks of emphasis; none: only the text.
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
  bool mail_links = false;       // mailto: is a link
  bool strong_headings = false;  // a heading is strong, and what is strong in it no more
  size_t quotes = 10;            // quotations in one another that are written as such

  // What marks of emphasis need beside letters to be read as such.
  enum class Borders {
    kNone,
    // CommonMark's flanking: a seam within a mark between punctuation and a letter
    // ("**注意：**请").
    kInside,
    kOutside,  // a seam on the outer side of marks and of code, where there is a letter
  };
  Borders borders = Borders::kNone;

  // What counts against the limit (bytes, or UTF-16 units). That of two texts in a row is the sum.
  std::function<size_t(std::string_view)> size = [](std::string_view text) { return text.size(); };
  size_t most = 4000;  // of one message, in that measure
  // What a message may have only so many of (tables, entities), counted in a written text.
  std::function<size_t(std::string_view)> count = [](std::string_view) { return size_t{0}; };
  size_t most_counted = std::numeric_limits<size_t>::max();

  // A text without any marks, written.
  std::string plain(std::string_view raw) const { return lines(escape(raw)); }
};

// Markdown as most platforms know it: the starting point of a dialect. `is_mention` says what the
// platform takes for one, `marks` what is written another way to be seen.
Dialect plain_markdown(MentionTest is_mention = no_mentions, LiteralMarks marks = {});

// An answer behind the mention of who asked: on its line, or above it where the answer begins with
// a block (a heading, a list, a table, a quotation, code), which must begin its line.
std::string behind_mention(std::string_view mention, std::string_view answer);

// Each line as a quotation.
std::string quoted_lines(std::string_view text);

constexpr size_t kAllParts = std::numeric_limits<size_t>::max();

// The messages, none longer than `most` and at most `parts`; at least one unless nothing of the
// text is seen. Cuts fall between blocks, else between lines, sentences, words, graphemes
// (text_borders.h); what is cut begins where the message before has a place for it. Code is fenced
// again in each part, a table has its head again. Where there would be more parts, cuts fall
// anywhere so that messages are full, and if that is not enough, the last one says so.
std::vector<std::string> render_markdown(const std::string& markdown, const Dialect& dialect,
                                         size_t parts = kAllParts);

// Units of UTF-16, in which Telegram and Discord count.
size_t utf16_size(std::string_view utf8);

}  // namespace ai_bot
