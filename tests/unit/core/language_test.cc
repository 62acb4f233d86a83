#include "core/language.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace ai_bot {
namespace {

TEST(Language, OfAText) {
  EXPECT_EQ(language_of("How are you?"), Language::kEnglish);
  EXPECT_EQ(language_of("怎么用 ai_bot"), Language::kChinese);
  EXPECT_EQ(language_of("ai_bot 是什么"), Language::kChinese);
  EXPECT_EQ(language_of(""), Language::kEnglish);
}

TEST(Language, OfAnAcceptLanguageHeader) {
  EXPECT_EQ(language_of_header("zh-CN,zh;q=0.9,en;q=0.8"), Language::kChinese);
  EXPECT_EQ(language_of_header("en-US,en;q=0.9,zh;q=0.1"), Language::kEnglish);
  EXPECT_EQ(language_of_header("fr"), Language::kEnglish);
  EXPECT_EQ(language_of_header(""), Language::kEnglish);
}

TEST(Language, OfTheEnvironmentInPosixOrder) {
  unsetenv("LC_ALL");
  unsetenv("LC_MESSAGES");
  setenv("LANG", "zh_CN.UTF-8", 1);
  EXPECT_EQ(language_of_environment(), Language::kChinese);
  setenv("LC_MESSAGES", "en_US.UTF-8", 1);
  EXPECT_EQ(language_of_environment(), Language::kEnglish);
  setenv("LC_ALL", "zh_TW", 1);
  EXPECT_EQ(language_of_environment(), Language::kChinese);
}

}  // namespace
}  // namespace ai_bot
