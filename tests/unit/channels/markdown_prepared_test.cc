// Which emphasis cmark finds, by the examples of github.com/tats-u/markdown-cjk-friendly and their
// relatives; and that preparing changes nothing else.
#include "channels/markdown_prepared.h"

#include <gtest/gtest.h>

#include "channels/markdown.h"
#include "support/harmless.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// Emphasis as "<…>", strong as "[…]", struck as "{…}".
std::string shown(const std::string& markdown) {
  Dialect dialect;
  dialect.escape = [](std::string_view raw) { return std::string(raw); };
  dialect.emphasis = [](const std::string& text) { return "<" + text + ">"; };
  dialect.strong = [](const std::string& text) { return "[" + text + "]"; };
  dialect.strike = [](const std::string& text) { return "{" + text + "}"; };
  dialect.code = dialect.escape;
  dialect.link = [](const std::string& text, const std::string&) { return text; };
  dialect.heading = [](int, const std::string& text) { return text; };
  dialect.code_block = [](const std::string&, std::string_view raw) { return std::string(raw); };
  const auto parts = render_markdown(markdown, dialect);
  return parts.empty() ? "" : test::without_seams(parts[0]);
}

TEST(MarkdownPrepared, EmphasisIsWhatPeopleMean) {
  const json cases = test::read_json("unit/channels/emphasis.json");
  ASSERT_GE(cases.size(), 40u);
  for (const json& one : cases)
    EXPECT_EQ(shown(one[0].get<std::string>()), one[1].get<std::string>()) << one[0];
}

TEST(MarkdownPrepared, IsTurnedBackToWhatItWas) {
  for (const std::string text :
       {"**注意：**请", "\\(a_1\\) \\[ x \\] $$y$$ $z_1$", "[^1]: note", "`\\(x\\)` \\{1\\}",
        "```\n**注意：**请 $a_b$\n```", "\\\\(x\\\\) \\* \\\\\\*中", "\ufdcf\ufdf0\uffff"})
    EXPECT_EQ(markdown::restored(markdown::prepared(text)), text);
}

TEST(MarkdownPrepared, CharactersThatAreNoneAreReplaced) {
  EXPECT_EQ(markdown::restored(markdown::prepared("a\ufdd0b\ufdefc\ufffed")),
            "a\ufffdb\ufffdc\ufffdd");
}

}  // namespace
}  // namespace ai_bot
