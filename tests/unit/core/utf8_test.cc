#include "core/utf8.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

TEST(Utf8, ReadsCodePointByCodePoint) {
  const std::string_view text = "aé你😀";
  size_t at = 0;
  EXPECT_EQ(next_code_point(text, at), 0x61u);
  EXPECT_EQ(next_code_point(text, at), 0xE9u);
  EXPECT_EQ(next_code_point(text, at), 0x4F60u);
  EXPECT_EQ(next_code_point(text, at), 0x1F600u);
  EXPECT_EQ(at, text.size());
}

TEST(Utf8, RefusesWhatIsNoUtf8) {
  for (const std::string_view wrong : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                                       "\xF4\x90\x80\x80", "\xFF", "a\xE4\xBD"}) {
    EXPECT_FALSE(is_valid_utf8(wrong)) << testing::PrintToString(std::string(wrong));
  }
  for (const std::string_view right :
       {"", "a", "你好", "😀", "\uFFFD", "\u07FF\u0800\uD7FF\uE000"}) {
    EXPECT_TRUE(is_valid_utf8(right)) << right;
  }
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(truncate_utf8("你好", 6), "你好");
  EXPECT_EQ(truncate_utf8("你好", 5), "你");
  EXPECT_EQ(truncate_utf8("你好", 2), "");
  EXPECT_EQ(truncate_utf8("a😀", 4), "a");
}

TEST(Utf8, TrimsAsciiAndIdeographicSpace) {
  EXPECT_EQ(trim(" \t\u3000 你 好 \r\n\u3000"), "你 好");
  EXPECT_EQ(trim("\u3000"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Utf8, KnowsCjk) {
  EXPECT_TRUE(is_cjk(0x4F60));
  EXPECT_TRUE(is_cjk(0x20000));
  EXPECT_TRUE(is_cjk(0xFF0F));
  EXPECT_FALSE(is_cjk('a'));
  EXPECT_FALSE(is_cjk(0x1F600));
}

}  // namespace
}  // namespace ai_bot
