#include "channels/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>

#include "core/utf8.h"

namespace ai_bot {
namespace {

// One block of the text, written.
struct Block {
  std::string text;
  std::string raw;     // without any marks, for a block that is longer than a message
  bool tight = false;  // one line break after the block before it, not an empty line
  // Makes smaller ones of it, where that is not done with `raw`.
  std::function<std::vector<std::string>(size_t most)> cut = nullptr;
};

constexpr size_t kLongestLanguage = 20;  // bytes, of a code block

using Nodes = std::unique_ptr<cmark_node, void (*)(cmark_node*)>;

Nodes parse(const std::string& markdown) {
  static std::once_flag once;
  std::call_once(once, cmark_gfm_core_extensions_ensure_registered);
  const std::unique_ptr<cmark_parser, void (*)(cmark_parser*)> parser(
      cmark_parser_new(CMARK_OPT_VALIDATE_UTF8), cmark_parser_free);
  for (const char* name : {"table", "strikethrough", "autolink"}) {
    if (auto* extension = cmark_find_syntax_extension(name))
      cmark_parser_attach_syntax_extension(parser.get(), extension);
  }
  cmark_parser_feed(parser.get(), markdown.data(), markdown.size());
  return {cmark_parser_finish(parser.get()), cmark_node_free};
}

std::string literal(cmark_node* node) {
  const char* text = cmark_node_get_literal(node);
  return text == nullptr ? "" : text;
}

// Whether it is of an extension's kind, which have no constants.
bool is_kind(cmark_node* node, std::string_view kind) {
  return cmark_node_get_type_string(node) == kind;
}

// Columns a character takes in a fixed-width font.
size_t columns(std::string_view utf8) {
  size_t width = 0;
  for (size_t at = 0; at < utf8.size();) width += is_cjk(next_code_point(utf8, at)) ? 2 : 1;
  return width;
}

class Writer {
 public:
  explicit Writer(const Dialect& dialect) : dialect_(dialect) {}

  std::vector<Block> blocks(cmark_node* parent) {
    for (cmark_node* node = cmark_node_first_child(parent); node; node = cmark_node_next(node))
      block(node);
    return std::move(blocks_);
  }

 private:
  std::string inlines(cmark_node* parent, bool raw = false) {
    std::string out;
    for (cmark_node* node = cmark_node_first_child(parent); node; node = cmark_node_next(node))
      out += inline_text(node, raw);
    return out;
  }

  std::string inline_text(cmark_node* node, bool raw) {
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_TEXT:
      case CMARK_NODE_HTML_INLINE:
        return raw ? literal(node) : dialect_.escape(literal(node));
      case CMARK_NODE_SOFTBREAK:
      case CMARK_NODE_LINEBREAK:
        return "\n";
      case CMARK_NODE_CODE:
        return raw ? literal(node) : dialect_.code(literal(node));
      default:
        break;
    }
    const std::string inner = inlines(node, raw);
    if (raw) return inner;
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_EMPH:
        return dialect_.emphasis(inner);
      case CMARK_NODE_STRONG:
        return dialect_.strong(inner);
      case CMARK_NODE_LINK:
      case CMARK_NODE_IMAGE: {
        const char* url = cmark_node_get_url(node);
        return dialect_.link(inner.empty() ? dialect_.escape(url) : inner, url);
      }
      default:
        return is_kind(node, "strikethrough") ? dialect_.strike(inner) : inner;
    }
  }

  void add(std::string text, std::string raw, bool tight = false) {
    blocks_.push_back({std::move(text), std::move(raw), tight});
  }

  void code_block(std::string language, std::string code) {
    language.resize(std::min(language.find_first_of(" \t`~"), language.size()));
    language = truncate_utf8(language, kLongestLanguage);
    while (!code.empty() && code.back() == '\n') code.pop_back();
    const auto cut = [this, language, code](size_t most) { return cut_code(language, code, most); };
    blocks_.push_back({dialect_.code_block(language, code), code, false, cut});
  }

  // Whole lines while they fit; a line that is longer than a message is cut by characters.
  std::vector<std::string> cut_code(const std::string& language, std::string_view code,
                                    size_t most) {
    std::vector<std::string> parts;
    std::string part;
    const auto fits = [&](std::string_view text) {
      return dialect_.size(dialect_.code_block(language, text)) <= most;
    };
    const auto flush = [&] {
      if (!part.empty()) parts.push_back(dialect_.code_block(language, part));
      part.clear();
    };
    while (!code.empty()) {
      std::string_view line = code.substr(0, code.find('\n'));
      code.remove_prefix(std::min(code.size(), line.size() + 1));
      const std::string longer = part.empty() ? std::string(line) : part + "\n" + std::string(line);
      if (fits(longer)) {
        part = longer;
        continue;
      }
      flush();
      while (!fits(line)) {
        size_t size = line.size();
        while (size > 1 && !fits(truncate_utf8(line, size))) size = size * 3 / 4;
        const std::string_view head = truncate_utf8(line, std::max<size_t>(size, 4));
        parts.push_back(dialect_.code_block(language, head));
        line.remove_prefix(head.size());
      }
      part = line;
    }
    flush();
    return parts;
  }

  void block(cmark_node* node, const std::string& indent = "", bool tight = false) {
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_PARAGRAPH:
        return add(indent + inlines(node), indent + inlines(node, true), tight);
      case CMARK_NODE_HEADING:
        return add(dialect_.heading(cmark_node_get_heading_level(node), inlines(node)),
                   inlines(node, true));
      case CMARK_NODE_CODE_BLOCK: {
        const char* info = cmark_node_get_fence_info(node);
        return code_block(info == nullptr ? "" : info, literal(node));
      }
      case CMARK_NODE_HTML_BLOCK: {
        const std::string text(trim(literal(node)));
        return add(dialect_.escape(text), text);
      }
      case CMARK_NODE_THEMATIC_BREAK:
        return add("———", "———");
      case CMARK_NODE_BLOCK_QUOTE: {
        Writer inside(dialect_);
        for (const Block& b : inside.blocks(node)) add(dialect_.quote(b.text), b.raw, b.tight);
        return;
      }
      case CMARK_NODE_LIST:
        return list(node, indent);
      default:
        if (is_kind(node, "table")) return table(node);
        for (cmark_node* child = cmark_node_first_child(node); child;
             child = cmark_node_next(child))
          block(child, indent, tight);
    }
  }

  void list(cmark_node* node, const std::string& indent) {
    int number = cmark_node_get_list_start(node);
    const bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
    bool first = indent.empty();
    for (cmark_node* item = cmark_node_first_child(node); item; item = cmark_node_next(item)) {
      const std::string mark = ordered ? fmt::format("{}. ", number++) : "- ";
      bool leading = true;
      for (cmark_node* child = cmark_node_first_child(item); child;
           child = cmark_node_next(child)) {
        block(child, indent + (leading ? mark : std::string(mark.size(), ' ')), !first);
        leading = first = false;
      }
    }
  }

  void table(cmark_node* node) {
    std::vector<std::vector<std::string>> rows;
    std::vector<size_t> widths;
    for (cmark_node* row = cmark_node_first_child(node); row; row = cmark_node_next(row)) {
      auto& cells = rows.emplace_back();
      for (cmark_node* cell = cmark_node_first_child(row); cell; cell = cmark_node_next(cell)) {
        cells.push_back(inlines(cell, !dialect_.tables));
        if (widths.size() < cells.size()) widths.push_back(1);
        size_t& width = widths[cells.size() - 1];
        width = std::max(width, columns(cells.back()));
      }
    }
    if (dialect_.tables) return add(markdown_table(rows), markdown_table(rows));
    std::string text;
    for (size_t r = 0; r < rows.size(); ++r) {
      for (size_t c = 0; c < rows[r].size(); ++c) {
        text += rows[r][c];
        if (c + 1 < rows[r].size()) text += std::string(widths[c] - columns(rows[r][c]) + 2, ' ');
      }
      text += '\n';
      if (r > 0) continue;
      for (size_t c = 0; c < widths.size(); ++c)
        text += std::string(widths[c], '-') + (c + 1 < widths.size() ? "  " : "\n");
    }
    code_block("", text);
  }

  static std::string markdown_table(const std::vector<std::vector<std::string>>& rows) {
    std::string text;
    for (size_t r = 0; r < rows.size(); ++r) {
      text += fmt::format("| {} |\n", fmt::join(rows[r], " | "));
      if (r > 0) continue;
      for (size_t c = 0; c < rows[r].size(); ++c) text += "|---";
      text += "|\n";
    }
    text.pop_back();
    return text;
  }

  const Dialect& dialect_;
  std::vector<Block> blocks_;
};

// A text without marks: by lines, then by sentences and words, at last by characters.
std::vector<std::string> cut_text(std::string_view text, const Dialect& dialect) {
  std::vector<std::string> parts;
  const auto fits = [&](std::string_view piece) {
    return dialect.size(dialect.escape(piece)) <= dialect.most;
  };
  const auto add = [&](std::string_view piece) {
    if (!trim(piece).empty()) parts.push_back(dialect.escape(trim(piece)));
  };
  while (!fits(text)) {
    size_t size = std::min(text.size(), dialect.most);
    while (!fits(truncate_utf8(text, size))) size = size * 9 / 10;
    std::string_view head = truncate_utf8(text, size);
    for (const std::string_view border : {"\n", "。", ". ", " "}) {
      const size_t at = head.rfind(border);
      if (at == std::string_view::npos || at < head.size() / 2) continue;
      head = head.substr(0, at + border.size());
      break;
    }
    add(head);
    text.remove_prefix(head.size());
  }
  add(text);
  return parts;
}

std::vector<std::string> pack(std::vector<Block> blocks, const Dialect& dialect) {
  std::vector<std::string> parts;
  std::string part;
  const auto flush = [&] {
    if (!part.empty()) parts.push_back(std::move(part));
    part.clear();
  };
  for (Block& block : blocks) {
    if (trim(block.text).empty()) continue;
    const std::string longer =
        part.empty() ? block.text : part + (block.tight ? "\n" : "\n\n") + block.text;
    if (dialect.size(longer) <= dialect.most) {
      part = longer;
      continue;
    }
    flush();
    if (dialect.size(block.text) <= dialect.most) {
      part = std::move(block.text);
      continue;
    }
    auto pieces = block.cut ? block.cut(dialect.most) : cut_text(block.raw, dialect);
    if (pieces.empty()) continue;
    part = std::move(pieces.back());
    pieces.pop_back();
    for (std::string& piece : pieces) parts.push_back(std::move(piece));
  }
  flush();
  return parts;
}

std::string fenced(const std::string& language, std::string_view code) {
  const std::string fence = code.find("```") == std::string_view::npos ? "```" : "~~~~";
  return fmt::format("{}{}\n{}\n{}", fence, language, code, fence);
}

}  // namespace

Dialect plain_markdown() {
  Dialect dialect;
  dialect.escape = [](std::string_view raw) { return std::string(raw); };
  dialect.strong = [](const std::string& text) { return "**" + text + "**"; };
  dialect.emphasis = [](const std::string& text) { return "*" + text + "*"; };
  dialect.strike = [](const std::string& text) { return "~~" + text + "~~"; };
  dialect.code = [](std::string_view raw) { return "`" + std::string(raw) + "`"; };
  dialect.link = [](const std::string& text, const std::string& url) {
    return text == url ? url : fmt::format("[{}]({})", text, url);
  };
  dialect.heading = [](int level, const std::string& text) {
    return std::string(static_cast<size_t>(level), '#') + " " + text;
  };
  dialect.code_block = fenced;
  dialect.quote = [](const std::string& text) {
    std::string out = "> ";
    for (const char c : text) out += c == '\n' ? std::string("\n> ") : std::string(1, c);
    return out;
  };
  return dialect;
}

std::vector<std::string> render_markdown(const std::string& markdown, const Dialect& dialect) {
  const Nodes document = parse(markdown);
  return pack(Writer(dialect).blocks(document.get()), dialect);
}

size_t utf16_size(std::string_view utf8) {
  size_t units = 0;
  for (size_t at = 0; at < utf8.size();) units += next_code_point(utf8, at) > 0xFFFF ? 2 : 1;
  return units;
}

size_t from_utf16(std::string_view utf8, size_t units) {
  size_t at = 0;
  for (size_t seen = 0; at < utf8.size() && seen < units;)
    seen += next_code_point(utf8, at) > 0xFFFF ? 2 : 1;
  return at;
}

}  // namespace ai_bot
