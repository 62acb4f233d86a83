#include "channels/markdown_tree.h"

#include <cmark-gfm-core-extensions.h>

#include <mutex>
#include <vector>

#include "channels/guard.h"
#include "channels/markdown_prepared.h"
#include "channels/text_borders.h"

namespace ai_bot::markdown {
namespace {

// A definition of a few bytes can give its address to thousands of links: all addresses together
// are no longer than the text, and what is beyond has none.
void bound_addresses(cmark_node* root, size_t most) {
  const std::unique_ptr<cmark_iter, void (*)(cmark_iter*)> nodes(cmark_iter_new(root),
                                                                 cmark_iter_free);
  for (auto event = cmark_iter_next(nodes.get()); event != CMARK_EVENT_DONE;
       event = cmark_iter_next(nodes.get())) {
    cmark_node* node = cmark_iter_get_node(nodes.get());
    const auto type = cmark_node_get_type(node);
    if (event == CMARK_EVENT_EXIT || (type != CMARK_NODE_LINK && type != CMARK_NODE_IMAGE))
      continue;
    const size_t size = url_of(node).size();
    if (size > most) {
      cmark_node_set_url(node, "");
    } else {
      most -= size;
    }
  }
}

std::string written(const char* text) { return text == nullptr ? "" : restored(text); }

// "<br>", "<br/>" and "<BR />" as line breaks.
std::string with_line_breaks(std::string_view html) {
  constexpr std::string_view kTag = "<br";
  std::string out;
  while (!html.empty()) {
    const bool begins = html[0] == '<' && starts_with_word(html.substr(1), kTag.substr(1));
    const size_t end = begins ? html.find_first_not_of(" /", kTag.size()) : std::string_view::npos;
    const bool is_break = end != std::string_view::npos && html[end] == '>';
    out += is_break ? '\n' : html[0];
    html.remove_prefix(is_break ? end + 1 : 1);
  }
  return out;
}

void close_flat(cmark_node* node, size_t begin, std::string& out) {
  switch (cmark_node_get_type(node)) {
    case CMARK_NODE_LINK:
    case CMARK_NODE_IMAGE: {
      const std::string url = url_of(node);
      const bool silent = out.size() == begin;
      if (silent || !says_itself(std::string_view(out).substr(begin), url))
        out += silent ? url : " (" + url + ")";
      return;
    }
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_HEADING:
      out += '\n';
      return;
    default:
      if (is_kind(node, "table_row") || is_kind(node, "table_header")) out += '\n';
      if (is_kind(node, "table_cell")) out += ' ';
  }
}

}  // namespace

Tree parse(const std::string& markdown) {
  static std::once_flag once;
  std::call_once(once, cmark_gfm_core_extensions_ensure_registered);
  const std::unique_ptr<cmark_parser, void (*)(cmark_parser*)> parser(
      cmark_parser_new(CMARK_OPT_VALIDATE_UTF8 | CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE),
      cmark_parser_free);
  for (const char* name : {"table", "strikethrough", "autolink"}) {
    if (auto* extension = cmark_find_syntax_extension(name))
      cmark_parser_attach_syntax_extension(parser.get(), extension);
  }
  const std::string text = prepared(markdown);
  cmark_parser_feed(parser.get(), text.data(), text.size());
  Tree tree(cmark_parser_finish(parser.get()), cmark_node_free);
  bound_addresses(tree.get(), markdown.size());
  return tree;
}

std::string literal(cmark_node* node) {
  const std::string text = written(cmark_node_get_literal(node));
  const auto type = cmark_node_get_type(node);
  const bool html = type == CMARK_NODE_HTML_INLINE || type == CMARK_NODE_HTML_BLOCK;
  return html ? with_line_breaks(text) : text;
}

std::string url_of(cmark_node* node) { return written(cmark_node_get_url(node)); }

std::string fence_info(cmark_node* node) { return written(cmark_node_get_fence_info(node)); }

bool is_kind(cmark_node* node, std::string_view kind) {
  return cmark_node_get_type_string(node) == kind;
}

bool says_itself(std::string_view text, std::string_view url) {
  return text == url || (is_mail(url) && text == url.substr(url.find(':') + 1)) || url.empty();
}

uint32_t code_point_beside(cmark_node* node, bool before) {
  cmark_node* other = before ? cmark_node_previous(node) : cmark_node_next(node);
  if (other == nullptr) return ' ';
  const auto type = cmark_node_get_type(other);
  if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK) return ' ';
  if (type != CMARK_NODE_TEXT) return 'x';
  const std::string text = literal(other);
  return before ? code_point_before(text, text.size()) : code_point_after(text, 0);
}

std::string flat_text(cmark_node* root) {
  const std::unique_ptr<cmark_iter, void (*)(cmark_iter*)> nodes(cmark_iter_new(root),
                                                                 cmark_iter_free);
  std::string out;
  std::vector<size_t> begins;
  for (auto event = cmark_iter_next(nodes.get()); event != CMARK_EVENT_DONE;
       event = cmark_iter_next(nodes.get())) {
    cmark_node* node = cmark_iter_get_node(nodes.get());
    if (event == CMARK_EVENT_EXIT) {
      if (node != root) close_flat(node, begins.back(), out);
      begins.pop_back();
      continue;
    }
    switch (cmark_node_get_type(node)) {
      case CMARK_NODE_TEXT:
      case CMARK_NODE_CODE:
      case CMARK_NODE_HTML_INLINE:
      case CMARK_NODE_CODE_BLOCK:
      case CMARK_NODE_HTML_BLOCK:
        out += literal(node);
        break;
      case CMARK_NODE_SOFTBREAK:
      case CMARK_NODE_LINEBREAK:
      case CMARK_NODE_THEMATIC_BREAK:
        out += '\n';
        break;
      default:
        begins.push_back(out.size());
    }
  }
  return out;
}

}  // namespace ai_bot::markdown
