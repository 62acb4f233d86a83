#include "channels/markdown_tree.h"

#include <cmark-gfm-core-extensions.h>

#include <mutex>
#include <vector>

#include "channels/guard.h"

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
      cmark_parser_new(CMARK_OPT_VALIDATE_UTF8), cmark_parser_free);
  for (const char* name : {"table", "strikethrough", "autolink"}) {
    if (auto* extension = cmark_find_syntax_extension(name))
      cmark_parser_attach_syntax_extension(parser.get(), extension);
  }
  cmark_parser_feed(parser.get(), markdown.data(), markdown.size());
  Tree tree(cmark_parser_finish(parser.get()), cmark_node_free);
  bound_addresses(tree.get(), markdown.size());
  return tree;
}

std::string literal(cmark_node* node) {
  const char* text = cmark_node_get_literal(node);
  return text == nullptr ? "" : text;
}

std::string url_of(cmark_node* node) {
  const char* url = cmark_node_get_url(node);
  return url == nullptr ? "" : url;
}

bool is_kind(cmark_node* node, std::string_view kind) {
  return cmark_node_get_type_string(node) == kind;
}

bool says_itself(std::string_view text, std::string_view url) {
  return text == url || (is_mail(url) && text == url.substr(url.find(':') + 1)) || url.empty();
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
