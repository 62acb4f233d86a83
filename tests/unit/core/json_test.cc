#include "core/json.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

TEST(Json, MembersOfAnyKindAreReadWithoutThrowing) {
  const auto object = nlohmann::json::parse(
      R"({"t": "x", "n": 7, "f": true, "null": null, "list": [1], "half": 0.5})");
  EXPECT_EQ(text_or(object, "t"), "x");
  EXPECT_EQ(number_or(object, "n"), 7);
  EXPECT_TRUE(flag_or(object, "f"));
  for (const char* key : {"null", "list", "half", "missing"}) {
    EXPECT_EQ(text_or(object, key, "?"), "?");
    EXPECT_EQ(number_or(object, key, 3), 3);
    EXPECT_FALSE(flag_or(object, key));
  }
  EXPECT_EQ(text_or(nlohmann::json("not an object"), "t", "?"), "?");
}

TEST(Json, IsParsedAsTheStandardSays) {
  for (const char* text :
       {R"({})", R"([])", R"({"a": {"b": [1, -2, 3.5, true, false, null, "x"]}})",
        R"("你好 \u4f60\ud83d\ude00 \u0000 \n\"")", R"(  7  )", R"(-0.0)", R"(9223372036854775807)",
        R"(-9223372036854775808)", R"(18446744073709551615)",
        R"({"id": 123456789012345678901234567890})", R"({"twice": 1, "twice": 2})", R"({"": ""})",
        R"([[[[[[]]]]]])"}) {
    EXPECT_EQ(parse_json(text), nlohmann::json::parse(text)) << text;
  }
}

TEST(Json, WhatIsNoneIsDiscarded) {
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  const std::string deep_after_a_large_number = "[123456789012345678901234567890," + deep + "]";
  for (const std::string& text :
       {std::string(), std::string(" "), std::string("{"), std::string("{]"), std::string("{} {}"),
        std::string("{'a': 1}"), std::string("[1,]"), std::string("01"), std::string("1e999"),
        std::string("nul"), std::string("\"\xff\""), std::string("\"a\nb\""),
        std::string("\"\\ud80\""), std::string("\"\\ud83dx"), std::string("\\ud83d"), deep,
        deep_after_a_large_number}) {
    EXPECT_TRUE(parse_json(text).is_discarded()) << text.substr(0, 20);
    EXPECT_FALSE(parse_json(text).is_object());
  }
}

TEST(Json, HalfASurrogatePairBecomesAReplacementCharacter) {
  const std::pair<const char*, const char*> rows[] = {
      {R"("hello \ud83d there")", "hello \uFFFD there"},
      {R"("\ude00")", "\uFFFD"},
      {R"("\uD83D")", "\uFFFD"},
      {R"("\ud83d\ude00")", "\U0001F600"},
      {R"("\ud83d\ud83d\ude00\ude00")", "\uFFFD\U0001F600\uFFFD"},
      {R"("\ud83d\u0041")", "\uFFFDA"},
      {R"("\ud83d\n")", "\uFFFD\n"},
      {R"("\ud83d\\ude00")", "\uFFFD\\ude00"},
      {R"("\\ud83d \ud83d")", "\\ud83d \uFFFD"},
      {R"("\\\ud83d")", "\\\uFFFD"},
      {R"("\"\ud83d\"")", "\"\uFFFD\""}};
  for (const auto& [text, value] : rows) EXPECT_EQ(parse_json(text), value) << text;
  const auto object = parse_object(R"({"\ud83d": ["\udfff", 123456789012345678901234567890]})");
  ASSERT_TRUE(object);
  EXPECT_EQ((*object)["\uFFFD"][0], "\uFFFD");
  const std::string large = "\"" + std::string(200000, 'x') + "\\ud83d\"";
  EXPECT_EQ(parse_json(large), std::string(200000, 'x') + "\uFFFD");
}

TEST(Json, TheErrorSaysWhatIsWrongAndWhere) {
  const std::string deep = "{\"a\":" + std::string(2000, '[') + std::string(2000, ']') + "}";
  const std::pair<std::string, const char*> rows[] = {
      {"[1]", "no object"},
      {"7", "no object"},
      {"hello", "not JSON (see byte 0)"},
      {"", "empty"},
      {" \n", "empty"},
      {"{\"a\": }", "not JSON (see byte 6)"},
      {"{\"a\": 1", "not JSON (see byte 7)"},
      {"{\"a\": 1} x", "not JSON (see byte 9)"},
      {"{\"a\": \"\xff\"}", "not UTF-8 (byte 7)"},
      {"{\"a\": \"\xEF\xBF\xBD\xF0\x9F\"}", "not UTF-8 (byte 10)"},
      {deep, "nested too deep: at most 1024 levels"}};
  for (const auto& [text, why] : rows) {
    const auto object = parse_object(text);
    ASSERT_FALSE(object) << text;
    EXPECT_EQ(object.error().code, Code::kInvalid);
    EXPECT_NE(object.error().text.en.find(why), std::string::npos)
        << text << ": " << object.error().text.en;
    EXPECT_NE(object.error().text.zh.find("请求正文"), std::string::npos);
  }
}

TEST(Json, ABodyMustBeAnObject) { EXPECT_EQ(parse_object(R"({"a": 1})").value()["a"], 1); }

TEST(Json, ALargeTextIsParsedToo) {
  std::string text = "[0";
  for (int i = 1; i < 100000; ++i) text += "," + std::to_string(i);
  const nlohmann::json list = parse_json(text + "]");
  ASSERT_EQ(list.size(), 100000u);
  EXPECT_EQ(list.back(), 99999);
}

}  // namespace
}  // namespace ai_bot
