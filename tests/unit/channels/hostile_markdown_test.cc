// What somebody may bring a model to write: mentions, links that are none, and texts that cost
// time, stack or messages. hostile.json has the threats, the places they may stand in, and the
// worst texts as pieces and how often each is repeated.
#include <gtest/gtest.h>

#include <ctime>

#include "channels/markdown.h"
#include "channels/markdown_source.h"
#include "core/utf8.h"
#include "support/harmless.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kMostSeconds = 10;
#else
constexpr double kMostSeconds = 0.8;
#endif

using test::Platform;

std::string in_place(std::string place, const std::string& threat) {
  for (size_t at = 0; (at = place.find("{}", at)) != std::string::npos; at += threat.size())
    place.replace(at, 2, threat);
  return place;
}

// Pieces and how often each stands in the text.
std::string repeated(const json& pieces) {
  std::string text;
  for (const json& piece : pieces)
    for (int i = 0; i < piece[1].get<int>(); ++i) text += piece[0].get<std::string>();
  return text;
}

class Hostile : public testing::TestWithParam<Platform> {
 protected:
  static const json& data() {
    static const json all = test::read_json("unit/channels/hostile.json");
    return all;
  }

  // Composes; whatever it was, the messages are sound.
  std::vector<std::string> compose(const std::string& text) {
    auto parts = channel_->compose(text);
    EXPECT_LE(parts.size(), GetParam().parts);
    for (const std::string& part : parts) {
      EXPECT_TRUE(is_valid_utf8(part));
      EXPECT_LE(test::size_of(GetParam(), part), GetParam().most);
      const std::string harm = test::harm_in(GetParam().name, part);
      EXPECT_EQ(harm, "") << text.substr(0, 300) << "\nbecame\n" << part.substr(0, 600);
    }
    return parts;
  }

  const std::unique_ptr<Channel> channel_ = test::channel_of(GetParam());
};

TEST_P(Hostile, TextMentionsNobodyAndLinksToNothingButTheWeb) {
  ASSERT_GE(data()["threats"].size(), 100u);
  ASSERT_GE(data()["places"].size(), 30u);
  for (const json& place : data()["places"])
    for (const json& threat : data()["threats"])
      compose(in_place(place.get<std::string>(), threat.get<std::string>()));
}

TEST_P(Hostile, TextMentionsNobodyWhereItIsCutEither) {
  const std::string filling(GetParam().most - 20, 'x');
  for (const json& threat : data()["threats"]) {
    const auto text = threat.get<std::string>();
    compose(filling + " " + text + text + text);
    compose("```\n" + filling + "\n" + text + text + text + "\n```");
  }
}

TEST_P(Hostile, TextOf64KbTakesLittleTimeAndFewMessages) {
  ASSERT_GE(data()["worst"].size(), 50u);
  for (const json& one : data()["worst"]) {
    SCOPED_TRACE(one[0].get<std::string>());
    const std::string text = repeated(one[1]);
    const std::clock_t begin = std::clock();
    const auto parts = channel_->compose(text);
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    EXPECT_LT(seconds, kMostSeconds);
    EXPECT_LE(parts.size(), GetParam().parts);
    for (const std::string& part : parts) {
      EXPECT_LE(part.size(),
                8 * GetParam().most);  // a platform that counts what is seen has marks beside
      EXPECT_TRUE(is_valid_utf8(part));
    }
  }
}

// "code" are contents of a fence as hostile.json has texts: whatever they look like, they arrive.
TEST_P(Hostile, CodeArrivesAsItWas) {
  ASSERT_GE(data()["code"].size(), 10u);
  for (const json& one : data()["code"]) {
    SCOPED_TRACE(one[0].get<std::string>());
    const std::string code = repeated(one[1]);
    const auto parts = compose("text\n\n~~~~~\n" + code + "\n~~~~~\n\n- end");
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_NE(test::read_back(GetParam().name, parts[0]).find("\n" + code + "\n"),
              std::string::npos)
        << parts[0];
  }
  for (const json& one : data()["code"]) {
    SCOPED_TRACE(one[0].get<std::string>());
    const std::string code = repeated(one[1]);
    const auto parts = compose("1. item\n\n   ~~~~~~\n   " +
                               test::replace_all(code, "\n", "\n   ") + "\n   ~~~~~~\n\n2. end");
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_NE(test::read_back(GetParam().name, parts[0]).find("\n" + code + "\n"),
              std::string::npos)
        << parts[0];
  }
  for (const json& threat : data()["threats"]) {
    const auto parts = compose("~~~~~\n" + threat.get<std::string>() + "\n~~~~~");
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_NE(test::read_back(GetParam().name, parts[0])
                  .find(test::without_seams(threat.get<std::string>())),
              std::string::npos)
        << parts[0];
  }
}

TEST_P(Hostile, WhatIsCutSaysSoInBothLanguages) {
  const std::string text(GetParam().most * (GetParam().parts + 1), 'x');
  const auto parts = compose(text);
  ASSERT_EQ(parts.size(), GetParam().parts);
  EXPECT_NE(parts.back().find("… (cut: longer than"), std::string::npos) << parts.back();
  EXPECT_NE(parts.back().find("已截断"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Platforms, Hostile, testing::ValuesIn(test::kPlatforms),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(HostileMarkdown, LosesNoTextThatIsTooDeep) {
  for (const char* mark : {"> ", "- ", "1. "}) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += mark;
    const auto parts = render_markdown(text + "the end", plain_markdown());
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_NE(parts[0].find("the end"), std::string::npos) << parts[0];
  }
  std::string text = "the end";
  for (int i = 0; i < 40; ++i) text = "**a " + text + " b**";
  EXPECT_NE(render_markdown(text, plain_markdown())[0].find("the end"), std::string::npos);
}

TEST(HostileMarkdown, PiecesOfALongTextAreItsBlocks) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "- *item* " + std::to_string(i) + "\n";
  std::string piece, joined;
  for (MarkdownSource source(text); source.next(piece);) {
    EXPECT_TRUE(piece.starts_with("- "));
    joined += piece;
  }
  EXPECT_EQ(joined, text);
}

TEST(HostileMarkdown, TablesAndIndentedCodeGoOnInTheNextPiece) {
  std::string table = "|a|b|\n|-|-|\n", code = "  ```cpp\n", piece;
  for (int i = 0; i < 3000; ++i) table += "|1|2|\n", code += "  f();\n";
  int pieces = 0;
  for (MarkdownSource source(table); source.next(piece); ++pieces)
    EXPECT_TRUE(piece.starts_with("|a|b|\n|-|-|\n|1|2|\n"));
  EXPECT_GT(pieces, 2);
  for (MarkdownSource source(code); source.next(piece);)
    EXPECT_TRUE(piece.starts_with("  ```cpp\n  f();\n"));
}

TEST(HostileMarkdown, CodeAtTheMarginIsOnePieceWhateverStandsInIt) {
  std::string code = "```cpp\n", piece;
  for (int i = 0; i < 3000; ++i) code += "|||> > - f();\n";
  code += "````\n";
  MarkdownSource source("a\n" + code + "b\n");
  for (const std::string& expected : {std::string("a\n"), code, std::string("b\n")}) {
    ASSERT_TRUE(source.next(piece));
    EXPECT_EQ(piece, expected);
  }
  EXPECT_FALSE(source.next(piece));
}

TEST(HostileMarkdown, ATableThatEndedIsNotRepeated) {
  std::string text = "|head|b|\n|-|-|\n|1|2|\n- x\n";
  for (int i = 0; i < 2000; ++i) text += "- **item** " + std::to_string(i) + "\n";
  std::string joined, piece;
  for (MarkdownSource source(text); source.next(piece);) joined += piece;
  EXPECT_EQ(joined, text);
}

TEST(HostileMarkdown, ReferencesFindTheirDefinitionsInOtherPieces) {
  std::string filling;
  for (int i = 0; i < 2000; ++i) filling += "- *item* " + std::to_string(i) + "\n";
  const std::string uses = "[A  page][1] [x\ny] [two][] ![three] [^4]\n";
  const std::string definitions =
      "[1]: https://one.example\n[X Y]: <https://xy.example/(> \"t\"\n"
      "  [Two]: https://two.example/a_(b) (t)\n[three]: https://three.example 't'\n"
      "[^4]: https://four.example\n[1]: https://other.example\n";
  const std::string fence = "```\n[5]: https://five.example\n```\n";
  for (const std::string& text :
       {uses + "\n" + filling + "\n" + definitions, definitions + "\n" + filling + "\n" + uses,
        uses + fence + definitions, definitions + fence + uses,
        uses + filling + fence + "\n" + uses + filling + fence + definitions}) {
    std::string joined;
    for (const std::string& part : render_markdown(text, plain_markdown())) joined += part + "\n";
    for (const char* link : {"[A  page](https://one.example)", "[x y](https://xy.example/%28)",
                             "[two](https://two.example/a_%28b%29)",
                             "[three](https://three.example)", "[^4](https://four.example)"})
      EXPECT_NE(joined.find(link), std::string::npos) << link << "\n" << joined.substr(0, 300);
    EXPECT_EQ(joined.find("]: https://one"), std::string::npos);
    EXPECT_EQ(joined.find("other.example"), std::string::npos);
  }
}

TEST(HostileMarkdown, WhatIsNoDefinitionIsNotCarried) {
  for (const char* line :
       {"[5]: a b", "[5]: (", "[5]: <a", "[5]: a \"t", "[5]: a 't't'", "[5]:", "[]: a",
        "    [5]: a", "text\n[5]: a", "[5] : a", "[5]: a <b>", "```\n[5]: a\n```", "[a[5]]: a"}) {
    MarkdownSource source(std::string("[5]\n\n```\n```\n\n") + line + "\n");
    std::string piece;
    ASSERT_TRUE(source.next(piece));
    EXPECT_EQ(piece, "[5]\n\n") << line;
  }
}

TEST(HostileMarkdown, DefinitionsAreCarriedOnlySoOften) {
  std::string text = "[a]: https://a.example/" + std::string(1900, 'x') + "\n\n";
  for (int i = 0; i < 3000; ++i) text += "[a]\n```\n```\n";
  std::string piece;
  size_t bytes = 0;
  for (MarkdownSource source(text); source.next(piece);) bytes += piece.size();
  EXPECT_LT(bytes, 10 * text.size());
}

TEST(HostileMarkdown, AThematicBreakIsNoList) {
  for (const char* text :
       {"* * * * * * * * * * * *", "- - - - - - - - - - - - -", "*\t* * * * * * * * * * * *\n"}) {
    EXPECT_EQ(render_markdown(text, plain_markdown()), std::vector<std::string>{"———"}) << text;
    EXPECT_EQ(render_markdown(std::string("> ") + text, plain_markdown()),
              std::vector<std::string>{"> ———"});
  }
}

}  // namespace
}  // namespace ai_bot
