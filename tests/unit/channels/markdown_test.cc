#include "channels/markdown.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>

#include "channels/channel.h"
#include "core/utf8.h"
#include "support/harmless.h"
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

// corpus.json: the same of answers in files.
TEST(Markdown, OfTheCorpusIsWrittenInEachPlatformsDialect) {
  const json cases = test::read_json("unit/channels/corpus.json");
  std::set<std::string> known;
  for (const json& one : cases) {
    const auto file = one["file"].get<std::string>();
    known.insert(file);
    const std::string text = test::read_file(test::data_path("unit/channels/markdown/" + file));
    for (const auto& [platform, expected] : one["expected"].items())
      EXPECT_EQ(json(compose(platform, text)), expected) << platform << ": " << file;
  }
  for (const json& one : test::read_json("unit/channels/long.json"))
    if (one.contains("file")) known.insert(one["file"].get<std::string>());
  for (const std::string& path : test::files_in("unit/channels/markdown"))
    EXPECT_TRUE(known.contains(path.substr(path.rfind('/') + 1))) << path;
}

// A long text of the data: a file, or pieces and how often each stands in it ("{}" is its number).
std::string long_text(const json& one) {
  if (one.contains("file"))
    return test::read_file(
        test::data_path("unit/channels/markdown/" + one["file"].get<std::string>()));
  std::string text;
  for (const json& piece : one["pieces"])
    for (int i = 0; i < piece[1].get<int>(); ++i)
      text += test::replace_all(piece[0].get<std::string>(), "{}", std::to_string(i));
  return text;
}

std::string without_spaces(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (!std::isspace(static_cast<unsigned char>(c))) out += c;
  return out;
}

// Whether a part begins or ends within what people see as one character.
bool is_torn(std::string_view part) {
  for (const std::string_view joiner : {"\u200d", "\ufe0f", "\u0301", "\u0302", "\U0001f3fd"})
    if (part.starts_with(joiner)) return true;
  size_t flags = 0;  // letters of them
  for (size_t at = 0; (at = part.find("\xf0\x9f\x87", at)) != std::string_view::npos; ++at) ++flags;
  return part.ends_with("\u200d") || flags % 2 != 0;
}

// long.json: how many messages a long answer takes: as few as can be. "plain": nothing but text,
// which arrives as it was.
TEST(Markdown, OfALongAnswerTakesFewMessages) {
  const json cases = test::read_json("unit/channels/long.json");
  ASSERT_GE(cases.size(), 15u);
  for (const json& one : cases) {
    const std::string text = long_text(one);
    for (const test::Platform& platform : test::kPlatforms) {
      SCOPED_TRACE(std::string(platform.name) + ": " + one["name"].get<std::string>());
      const auto parts = compose(platform.name, text);
      EXPECT_EQ(parts.size(), one["messages"].at(platform.name).get<size_t>());
      std::string joined;
      for (const std::string& part : parts) {
        EXPECT_TRUE(is_valid_utf8(part));
        EXPECT_LE(test::size_of(platform, part), platform.most);
        EXPECT_FALSE(is_torn(part)) << part.substr(0, 20) << " … " << part.substr(part.size() - 20);
        joined += part;
      }
      const bool whole = one.contains("plain") && parts.size() < platform.parts;
      EXPECT_TRUE(!whole || without_spaces(joined) == without_spaces(text));
    }
  }
}

size_t count_of(const std::string& text, std::string_view what) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(Markdown, HasAtMost100EntitiesInAMessageOfTelegram) {
  std::string items, words;
  for (int i = 0; i < 84; ++i)
    items += "- **n" + std::to_string(i) + "** `c` [l](https://x.example) *e*\n";
  for (int i = 0; i < 150; ++i) words += "**b" + std::to_string(i) + "** ";
  const auto parts = compose("telegram", items);
  EXPECT_EQ(parts.size(), 4u);
  for (const std::string& part : parts) EXPECT_LE(count_of(part, "</"), 100u);
  EXPECT_EQ(count_of(parts[0], "<b>"), 25u);
  // Many of them cost marks before they cost text.
  std::string most;
  for (int i = 0; i < 2500; ++i) most += "- **b** *e* `c`\n";
  const auto many = compose("telegram", most);
  EXPECT_LT(many.size(), 20u);
  EXPECT_EQ(without_spaces(many.back()).find("cut:"), std::string::npos);
  // What is one block goes without its marks, and loses nothing else.
  const auto one = compose("telegram", words);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(without_spaces(one[0]), without_spaces(test::replace_all(words, "**", "")));
}

TEST(Markdown, HasAtMostFiveTablesInACardOfFeishu) {
  std::string text;
  for (int i = 0; i < 12; ++i) text += "T" + std::to_string(i) + "\n\n|a|b|\n|-|-|\n|1|2|\n\n";
  const auto cards = compose("feishu", text);
  ASSERT_EQ(cards.size(), 3u);
  EXPECT_EQ(count_of(cards[0], "|---|---|"), 5u);
  EXPECT_EQ(count_of(cards[1], "|---|---|"), 5u);
  EXPECT_EQ(count_of(cards[2], "|---|---|"), 2u);
}

// A card is JSON in JSON: a text of quotes and line breaks takes four and three bytes for each.
TEST(Markdown, OfFeishuFitsIntoARequest) {
  ChannelConfig config;
  config.type = "feishu";
  const auto channel = make_channel(config, {});
  for (const char* piece : {"\"", "\\", "\n- x", "\t", "中", "<"}) {
    std::string text;
    while (text.size() < 30000) text += piece;
    for (const std::string& part : channel->compose(text)) {
      Reply reply;
      reply.text = part;
      reply.address = R"({"message_id":"om_1","user":"ou_1"})";
      EXPECT_LE(channel->render(reply, "token", 0).body.size(), size_t{30} << 10) << piece;
    }
  }
}

TEST(Markdown, BeginsBelowAMentionWhereItBeginsWithABlock) {
  for (const char* block : {"# h", "## 结论", "| a | b |", "> q", "- i", "1. i", "12. i", "```\nc"})
    EXPECT_EQ(behind_mention("@x", block), std::string("@x\n\n") + block);
  for (const char* text : {"text", "**b**", "`c`", "1.5", "2024 was", "-5", "[a](b)"})
    EXPECT_EQ(behind_mention("@x", text), std::string("@x ") + text);
}

TEST(Markdown, OfNothingIsNoMessage) {
  EXPECT_TRUE(compose("slack", "").empty());
  EXPECT_TRUE(compose("telegram", "```\n\n```").empty());
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
