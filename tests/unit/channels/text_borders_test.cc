#include "channels/text_borders.h"

#include <gtest/gtest.h>

#include <string>

namespace ai_bot {
namespace {

// The part before the cut, where everything may be left to the next one, or nothing.
std::string cut(const std::string& text, size_t most, bool may_lose = true) {
  return text.substr(0, best_border(text, most, [=](size_t) { return may_lose; }));
}

TEST(TextBorders, LinesBeforeSentencesBeforeWords) {
  EXPECT_EQ(cut("first line.\nsecond. third fourth", 16), "first line.\n");
  EXPECT_EQ(cut("One sentence. Another one", 20), "One sentence. ");
  EXPECT_EQ(cut("one word after another", 12), "one word ");
  EXPECT_EQ(cut("x.\nmost of the text stands on the second line", 20), "x.\nmost of the text ");
}

TEST(TextBorders, SentencesOfChineseEndWithTheirStopsAndWhatCloses) {
  EXPECT_EQ(cut("他说：“好的。”然后走了", 27), "他说：“好的。”");
  EXPECT_EQ(cut("真的吗？真的！走", 22), "真的吗？真的！");
  EXPECT_EQ(cut("第一句话（结束。）第二句话", 30), "第一句话（结束。）");
}

TEST(TextBorders, NoPartOfChineseBeginsWithAStop) {
  EXPECT_EQ(cut("一二三四，五六", 12), "一二三");
  EXPECT_EQ(cut("一二三（四五六七）", 12), "一二三");
}

TEST(TextBorders, WordsAreCutOnlyWhenTheyAreLong) {
  EXPECT_EQ(cut("a word", 4), "a ");
  EXPECT_EQ(cut("a word", 4, false), "a ");
  EXPECT_EQ(cut("使用 Python", 9), "使用 ");
  EXPECT_EQ(cut("中文" + std::string(200, 'x'), 100, false).size(), 100u);
}

TEST(TextBorders, WhatMayNotBeLeftIsTaken) {
  EXPECT_EQ(cut("一句话。两句话", 18, false), "一句话。两句");
  EXPECT_EQ(cut("一二三四，五六", 12, false), "一二三四");
}

// UAX #29: emoji of several code points, flags, marks on letters, Hangul of parts, CR LF.
TEST(TextBorders, NeverWithinAGrapheme) {
  for (const std::string grapheme :
       {"👨‍👩‍👧‍👦", "🇨🇳", "👍🏽", "⚠️", "1️⃣", "e\u0301\u0302",
        "\u1112\u1161\u11ab", "葛\U000E0100", "\r\n"}) {
    const std::string text = grapheme + grapheme;
    for (size_t most = grapheme.size(); most < text.size(); ++most) {
      EXPECT_EQ(cut(text, most, false), grapheme);
      EXPECT_EQ(grapheme_border(text, most), grapheme.size());
    }
    EXPECT_EQ(grapheme_border(grapheme, 2), 2u);  // one that is longer than a message
  }
}

TEST(TextBorders, ColumnsOfAFixedFont) {
  EXPECT_EQ(columns("abc"), 3u);
  EXPECT_EQ(columns("苹果"), 4u);
  EXPECT_EQ(columns("ＡＢｱｲ"), 6u);
  EXPECT_EQ(columns("✅❌🍎"), 6u);
  EXPECT_EQ(columns("⚠️👨‍👩‍👧🇨🇳1️⃣"), 8u);
  EXPECT_EQ(columns("e\u0301한"), 3u);
}

TEST(TextBorders, OfInvisibleCharactersNothingIsSeen) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank(" \n\u3000\u200b\ufeff\u2060"));
  EXPECT_FALSE(is_blank("\u200bx"));
}

}  // namespace
}  // namespace ai_bot
