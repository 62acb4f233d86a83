#include "channels/markdown.h"

#include <gtest/gtest.h>

#include "channels/channel.h"
#include "core/utf8.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;

std::vector<std::string> compose(const std::string& platform, const std::string& answer) {
  ChannelConfig config;
  config.type = platform;
  if (platform == "wecom") config.agent_id = "1";
  if (platform == "wecom-bot") config.type = "wecom";
  return make_channel(config, {})->compose(answer);
}

// markdown.json: what a model wrote, and what each platform is sent.
TEST(Markdown, IsWrittenInEachPlatformsDialect) {
  const json cases = test::read_json("unit/channels/markdown.json");
  ASSERT_GE(cases.size(), 10u);
  for (const json& one : cases) {
    for (const auto& [platform, expected] : one["expected"].items()) {
      SCOPED_TRACE(platform + ": " + one["name"].get<std::string>());
      EXPECT_EQ(json(compose(platform, one["markdown"].get<std::string>())), expected);
    }
  }
}

TEST(Markdown, OfNothingIsNoMessage) {
  EXPECT_TRUE(compose("slack", "").empty());
  EXPECT_TRUE(compose("telegram", " \n\n ").empty());
}

TEST(Markdown, IsCutBetweenBlocksFirst) {
  Dialect dialect = plain_markdown();
  dialect.most = 20;
  EXPECT_EQ(render_markdown("first block\n\nsecond block\n\n- a\n- b", dialect),
            (std::vector<std::string>{"first block", "second block\n\n- a", "- b"}));
}

TEST(Markdown, FencesCodeAgainInEachPart) {
  Dialect dialect = plain_markdown();
  dialect.most = 30;
  EXPECT_EQ(render_markdown("```cpp\nint first;\nint second;\nint third;\n```", dialect),
            (std::vector<std::string>{"```cpp\nint first;\n```", "```cpp\nint second;\n```",
                                      "```cpp\nint third;\n```"}));
}

TEST(Markdown, CutsALongParagraphAtItsSentencesAndLosesNothing) {
  Dialect dialect = plain_markdown();
  dialect.most = 40;
  std::string text, joined;
  for (int i = 0; i < 20; ++i) text += "这是第" + std::to_string(i) + "句话。";
  for (const std::string& part : render_markdown(text, dialect)) {
    EXPECT_LE(part.size(), dialect.most);
    EXPECT_TRUE(is_valid_utf8(part));
    joined += part;
  }
  EXPECT_EQ(joined, text);
}

TEST(Markdown, LeavesNoTagOpenInALongParagraph) {
  for (const std::string& part : compose("telegram", "**" + std::string(9000, 'x') + "**")) {
    EXPECT_EQ(part.find('<'), std::string::npos);
    EXPECT_LE(part.size(), 4096u);
  }
}

TEST(Markdown, CountsUtf16WherePlatformsDo) { EXPECT_EQ(utf16_size("a你👋"), 4u); }

}  // namespace
}  // namespace ai_bot
