// A model's Markdown in a platform's dialect, cut into messages of its size. Parsed by cmark-gfm
// (GitHub's Markdown with tables and strikethrough); here each block is only written another way,
// so that a cut never falls into a code fence or a tag.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ai_bot {

// How a platform writes things. Texts given to the functions are written already, except where they
// are called raw.
struct Dialect {
  std::function<std::string(std::string_view raw)> escape;
  std::function<std::string(const std::string&)> strong;
  std::function<std::string(const std::string&)> emphasis;
  std::function<std::string(const std::string&)> strike;
  std::function<std::string(std::string_view raw)> code;
  std::function<std::string(const std::string& text, const std::string& raw_url)> link;
  std::function<std::string(int level, const std::string&)> heading;
  std::function<std::string(const std::string& raw_language, std::string_view raw)> code_block;
  std::function<std::string(const std::string&)> quote;
  bool tables = false;  // writes Markdown's own tables; otherwise they become aligned columns

  // What counts against the limit (bytes, or UTF-16 units).
  std::function<size_t(std::string_view)> size = [](std::string_view text) { return text.size(); };
  size_t most = 4000;  // of one message, in that measure
};

// Markdown as most platforms know it: the starting point of a dialect.
Dialect plain_markdown();

// The messages, none longer than `most`; at least one unless the text is empty. Cuts fall between
// blocks, else between lines, else between characters; code is fenced again in each part.
std::vector<std::string> render_markdown(const std::string& markdown, const Dialect& dialect);

// Units of UTF-16, in which Telegram and Discord count.
size_t utf16_size(std::string_view utf8);

// The byte offset of a UTF-16 offset, at most the size.
size_t from_utf16(std::string_view utf8, size_t units);

}  // namespace ai_bot
