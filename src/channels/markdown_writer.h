// The tree of a text, each block written in a dialect.
#pragma once

#include <vector>

#include "channels/markdown.h"
#include "channels/markdown_parts.h"
#include "channels/markdown_tree.h"

namespace ai_bot::markdown {

std::vector<Block> written_blocks(cmark_node* document, const Dialect& dialect);

}  // namespace ai_bot::markdown
