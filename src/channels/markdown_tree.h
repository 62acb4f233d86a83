// The tree cmark-gfm makes of Markdown, and what is read in its nodes.
#pragma once

#include <cmark-gfm.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ai_bot::markdown {

using Tree = std::unique_ptr<cmark_node, void (*)(cmark_node*)>;

// GitHub's Markdown with tables, strikethrough ("~~"; one '~' is text: "3~5 天") and bare
// addresses, read as people mean it (markdown_prepared.h). All addresses of links together are no
// longer than the text; what is beyond has none.
Tree parse(const std::string& markdown);

// The text of a leaf, the address of a link, and what stands behind a fence; empty where a node has
// none. HTML's <br> is a line break.
std::string literal(cmark_node* node);
std::string url_of(cmark_node* node);
std::string fence_info(cmark_node* node);

// Whether it is of an extension's kind, which have no constants.
bool is_kind(cmark_node* node, std::string_view kind);

// Whether a link's text says all that its address does.
bool says_itself(std::string_view text, std::string_view url);

// The character of the text beside a node, before or behind it: a space at the borders of its
// block, a letter for what is no text.
uint32_t code_point_beside(cmark_node* node, bool before);

// What is read in a node, without any marks, addresses of links behind them. Not recursive, so that
// it works on any depth.
std::string flat_text(cmark_node* root);

}  // namespace ai_bot::markdown
