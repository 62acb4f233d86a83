#include "channels/markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/markdown_parts.h"
#include "channels/markdown_source.h"
#include "channels/markdown_table.h"
#include "channels/markdown_tree.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using namespace markdown;

constexpr size_t kLongestLanguage = 20;  // bytes, of a code block

std::string language_of_fence(std::string_view info) {
  std::string language;
  for (const char c : info.substr(0, kLongestLanguage)) {
    if (!is_word(c) && std::string_view("+#.-").find(c) == std::string_view::npos) break;
    language += c;
  }
  return language;
}

class Writer {
 public:
  explicit Writer(const Dialect& dialect, size_t depth = 0, size_t quotes = 0)
      : dialect_(dialect), depth_(depth), quotes_(quotes) {}

  std::vector<Block> blocks(cmark_node* parent) {
    for (cmark_node* node = cmark_node_first_child(parent); node; node = cmark_node_next(node))
      block(node);
    return std::move(blocks_);
  }

 private:
  // A seam where two pieces would make together what neither of them is.
  static void join(std::string& out, const std::string& piece) {
    if (!out.empty() && !piece.empty() && piece.front() != '\n') {
      const bool one_word = is_word(out.back()) && is_word(piece.front());
      const bool begun = out.back() == '<' || out.back() == '@' || out.back() == ']';
      if (one_word || begun) out += kSeam;
    }
    out += piece;
  }

  std::string inlines(cmark_node* parent, size_t depth = 0) {
    std::string out;
    for (cmark_node* node = cmark_node_first_child(parent); node; node = cmark_node_next(node))
      join(out, inline_text(node, depth));
    return out;
  }

  std::string inline_text(cmark_node* node, size_t depth) {
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_TEXT:
      case CMARK_NODE_HTML_INLINE:
        return dialect_.escape(literal(node));
      case CMARK_NODE_SOFTBREAK:
      case CMARK_NODE_LINEBREAK:
        return "\n";
      case CMARK_NODE_CODE:
        return dialect_.code(literal(node));
      default:
        break;
    }
    if (depth >= MarkdownSource::kDeepest)
      return fmt::format("{0}{1}{0}", kSeam, dialect_.escape(flat_text(node)));
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_EMPH:
        return dialect_.emphasis(inlines(node, depth + 1));
      case CMARK_NODE_STRONG:
        return dialect_.strong(inlines(node, depth + 1));
      case CMARK_NODE_LINK:
      case CMARK_NODE_IMAGE:
        return link(node, depth + 1);
      default: {
        const std::string inner = inlines(node, depth + 1);
        return is_kind(node, "strikethrough") ? dialect_.strike(inner) : inner;
      }
    }
  }

  // A link to the web; any other is its text and its address. Links in a link are text.
  std::string link(cmark_node* node, size_t depth) {
    const std::string url = url_of(node), shown = flat_text(node);
    if (in_link_) return dialect_.escape(shown);
    const auto address = web_address(url);
    if (address && (dialect_.mail_links || !is_mail(url))) {
      if (dialect_.bare_link && (shown.empty() || shown == url)) return dialect_.bare_link(url);
      in_link_ = true;
      std::string text = shown.empty() ? dialect_.escape(url) : inlines(node, depth);
      in_link_ = false;
      std::replace(text.begin(), text.end(), '\n', ' ');
      return dialect_.link(text, *address);
    }
    // A link of nothing stands between two texts all the same.
    if (shown.empty()) return url.empty() ? std::string(kSeam) : dialect_.escape(url);
    const std::string text = inlines(node, depth);
    return says_itself(shown, url) ? text : fmt::format("{} ({})", text, dialect_.escape(url));
  }

  void add(std::string text, std::string raw, bool tight = false) {
    blocks_.push_back({std::move(text), std::move(raw), tight});
  }

  void add_flat(const std::string& text, bool tight = false) {
    const std::string trimmed(trim(text));
    add(dialect_.escape(trimmed), trimmed, tight);
  }

  void code_block(const std::string& language, std::string code) {
    while (!code.empty() && code.back() == '\n') code.pop_back();
    const auto write = [this_dialect = &dialect_, language](std::string_view piece) {
      return this_dialect->code_block(language, piece);
    };
    blocks_.push_back({write(code), code, false, write});
  }

  void block(cmark_node* node, const std::string& indent = "", bool tight = false) {
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_PARAGRAPH:
        return add(indent + inlines(node), indent + flat_text(node), tight);
      case CMARK_NODE_HEADING:
        return add(dialect_.heading(cmark_node_get_heading_level(node), inlines(node)),
                   flat_text(node));
      case CMARK_NODE_CODE_BLOCK: {
        const char* info = cmark_node_get_fence_info(node);
        return code_block(language_of_fence(info == nullptr ? "" : info), literal(node));
      }
      case CMARK_NODE_HTML_BLOCK:
        return add_flat(literal(node));
      case CMARK_NODE_THEMATIC_BREAK:
        return add("———", "———");
      default:
        break;
    }
    if (depth_ >= MarkdownSource::kDeepest) return add_flat(flat_text(node), tight);
    ++depth_;
    container(node, indent, tight);
    --depth_;
  }

  void container(cmark_node* node, const std::string& indent, bool tight) {
    if (cmark_node_get_type(node) == CMARK_NODE_BLOCK_QUOTE) return quotation(node);
    if (cmark_node_get_type(node) == CMARK_NODE_LIST) return list(node, indent);
    if (is_kind(node, "table")) return table(node);
    for (cmark_node* child = cmark_node_first_child(node); child; child = cmark_node_next(child))
      block(child, indent, tight);
  }

  void quotation(cmark_node* node) {
    for (Block& b : Writer(dialect_, depth_, quotes_ + 1).blocks(node)) {
      if (quotes_ < dialect_.quotes) b.text = dialect_.quote(b.text);
      blocks_.push_back(std::move(b));
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
    Rows rows;
    for (cmark_node* row = cmark_node_first_child(node); row; row = cmark_node_next(row)) {
      auto& cells = rows.emplace_back();
      for (cmark_node* cell = cmark_node_first_child(row); cell; cell = cmark_node_next(cell)) {
        cells.push_back(flat_text(cell));
      }
    }
    if (dialect_.tables) return markdown_table(node, rows);
    code_block("", as_table(rows));
  }

  void markdown_table(cmark_node* node, const Rows& rows) {
    std::string head, body;
    size_t longest = 0;
    for (cmark_node* row = cmark_node_first_child(node); row; row = cmark_node_next(row)) {
      std::string line = "|", rule = "|";
      for (cmark_node* cell = cmark_node_first_child(row); cell; cell = cmark_node_next(cell)) {
        line += ' ';
        for (const char c : inlines(cell)) line += c == '|' ? "\\|" : std::string(1, c);
        line += " |";
        rule += "---|";
      }
      longest = std::max(longest, dialect_.size(line) + (head.empty() ? dialect_.size(rule) : 0));
      if (head.empty()) {
        head.append(line).append("\n").append(rule);
      } else {
        body += (body.empty() ? "" : "\n") + line;
      }
    }
    // The head and at least one row fit into every message, or it is none.
    if (longest > dialect_.most / 3) return add_flat(in_lines(rows));
    const auto write = [head](std::string_view piece) {
      return fmt::format("{}\n{}", head, piece);
    };
    blocks_.push_back({body.empty() ? head : write(body), body, false, write});
  }

  const Dialect& dialect_;
  size_t depth_;
  size_t quotes_;  // we are in
  bool in_link_ = false;
  std::vector<Block> blocks_;
};

}  // namespace

Dialect plain_markdown(MentionTest is_mention) {
  Dialect dialect;
  dialect.escape = [is_mention](std::string_view raw) {
    return guarded_text(without_backticks(raw), is_mention);
  };
  dialect.strong = [](const std::string& text) { return "**" + text + "**"; };
  dialect.emphasis = [](const std::string& text) { return "*" + text + "*"; };
  dialect.strike = [](const std::string& text) { return "~~" + text + "~~"; };
  dialect.code = [is_mention](std::string_view raw) { return code_span(raw, is_mention); };
  dialect.link = [](const std::string& text, const std::string& address) {
    return fmt::format("[{}]({})", text, address);
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

std::vector<std::string> render_markdown(const std::string& markdown, const Dialect& dialect,
                                         size_t parts) {
  MarkdownSource source(markdown);
  MarkdownParts out(dialect, parts);
  for (std::string piece; !out.full() && source.next(piece);) {
    const Tree document = parse(piece);
    for (const Block& block : Writer(dialect).blocks(document.get())) out.add(block);
  }
  return out.take();
}

size_t utf16_size(std::string_view utf8) {
  size_t units = 0;
  for (size_t at = 0; at < utf8.size();) units += next_code_point(utf8, at) > 0xFFFF ? 2 : 1;
  return units;
}

}  // namespace ai_bot
