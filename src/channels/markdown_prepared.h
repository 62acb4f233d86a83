// A model's Markdown as cmark must be given it, so that it reads what people mean: emphasis beside
// Chinese punctuation, formulas, footnotes. Where cmark's rules differ, characters that no text has
// (Unicode's noncharacters) are put in or stand for others, which restored() turns back; so code,
// links and addresses stay what they were, wherever they are.
#pragma once

#include <string>
#include <string_view>

namespace ai_bot::markdown {

// - A mark ('*', '~') beside a Chinese, Japanese or Korean character begins or ends emphasis as if
//   there were no punctuation beside it (github.com/tats-u/markdown-cjk-friendly,
//   specification.md):
//   "**注意：**请看".
// - Formulas of LaTeX ("\(…\)", "\[…\]", "$$…$$", "$…$") are text: nothing in them is a mark.
// - "[^1]: note" is a footnote, which is text, and no definition of a link.
std::string prepared(std::string_view markdown);

// A text of the tree as it was written.
std::string restored(std::string_view text);

}  // namespace ai_bot::markdown
