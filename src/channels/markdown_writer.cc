#include "channels/markdown_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/markdown_source.h"
#include "channels/markdown_table.h"
#include "channels/text_borders.h"
#include "core/utf8.h"

namespace ai_bot::markdown {
namespace {

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
      const bool one_mark = out.back() == piece.front() &&
                            std::string_view("*_~`|").find(out.back()) != std::string_view::npos;
      if (one_word || begun || one_mark) out += kSeam;
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
        return bordered(node, dialect_.code(literal(node)));
      default:
        break;
    }
    if (depth >= MarkdownSource::kDeepest)
      return fmt::format("{0}{1}{0}", kSeam, dialect_.escape(flat_text(node)));
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_EMPH:
        return marked(node, dialect_.emphasis, in_emphasis_, depth + 1);
      case CMARK_NODE_STRONG:
        return marked(node, dialect_.strong, in_strong_, depth + 1);
      case CMARK_NODE_LINK:
      case CMARK_NODE_IMAGE:
        return link(node, depth + 1);
      default:
        if (is_kind(node, "strikethrough"))
          return marked(node, dialect_.strike, in_strike_, depth + 1);
        return inlines(node, depth + 1);
    }
  }

  // Marks in marks of the same kind would end them.
  std::string marked(cmark_node* node, const std::function<std::string(const std::string&)>& write,
                     bool& inside, size_t depth) {
    if (inside || !write) return inlines(node, depth);
    inside = true;
    std::string inner = inlines(node, depth);
    inside = false;
    if (inner.empty()) return "";
    const char mark = write(inner).front();
    if (inner.front() == mark ||
        needs_seam(code_point_after(inner, 0), code_point_beside(node, true)))
      inner.insert(0, kSeam);
    if (inner.back() == mark ||
        needs_seam(code_point_before(inner, inner.size()), code_point_beside(node, false)))
      inner += kSeam;
    return bordered(node, write(inner));
  }

  // Whether a mark between these two would not be read as one.
  bool needs_seam(uint32_t inner, uint32_t outer) const {
    return dialect_.borders == Dialect::Borders::kInside && is_punctuation(inner) &&
           !is_punctuation(outer) && !is_white_space(outer);
  }

  // With seams where marks need a border. Beside ASCII's punctuation they need none.
  std::string bordered(cmark_node* node, std::string text) const {
    if (dialect_.borders != Dialect::Borders::kOutside) return text;
    const auto needs_one = [](uint32_t c) {
      return !is_white_space(c) && (c >= 0x80 || !is_punctuation(c));
    };
    if (needs_one(code_point_beside(node, true))) text.insert(0, kSeam);
    if (needs_one(code_point_beside(node, false))) text += kSeam;
    return text;
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
    const std::string target = is_mail(url) ? url.substr(url.find(':') + 1) : url;
    return says_itself(shown, url) ? text : fmt::format("{} ({})", text, dialect_.escape(target));
  }

  void add(std::string text, std::string raw, bool tight = false) {
    blocks_.push_back({std::move(text), std::move(raw), tight});
  }

  void add_flat(const std::string& text, bool tight = false) {
    const std::string trimmed(trim(text));
    add(dialect_.plain(trimmed), trimmed, tight);
  }

  // A fence around nothing is only what stands behind it, unless that is a language.
  void fenced(cmark_node* node) {
    const std::string info = fence_info(node), language = language_of_fence(info);
    const std::string code = literal(node);
    if (!is_blank(code)) return code_block(language, code);
    if (info != language) add_flat(info);
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
        return paragraph(node, indent, tight);
      case CMARK_NODE_HEADING:
        return heading(node);
      case CMARK_NODE_CODE_BLOCK:
        return fenced(node);
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

  // Its lines stand below one another.
  void paragraph(cmark_node* node, const std::string& indent, bool tight) {
    std::string text = indent;
    for (const char c : dialect_.lines(inlines(node))) {
      text += c;
      if (c == '\n') text.append(indent.size(), ' ');
    }
    add(std::move(text), indent + flat_text(node), tight);
  }

  void heading(cmark_node* node) {
    in_strong_ = dialect_.strong_headings;
    std::string text = inlines(node);
    in_strong_ = false;
    std::replace(text.begin(), text.end(), '\n', ' ');
    add(dialect_.heading(cmark_node_get_heading_level(node), text), flat_text(node));
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
        for (const char c : inlines(cell)) {
          if (c == '|') line += '\\';
          line += c == '\n' ? ' ' : c;
        }
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
  // Within marks of which there must not be another pair.
  bool in_link_ = false, in_emphasis_ = false, in_strong_ = false, in_strike_ = false;
  std::vector<Block> blocks_;
};

}  // namespace

std::vector<Block> written_blocks(cmark_node* document, const Dialect& dialect) {
  return Writer(dialect).blocks(document);
}

}  // namespace ai_bot::markdown
