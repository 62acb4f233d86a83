#include "models/markers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/gguf.h"

namespace ai_bot {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

#define ZWSP "\u200B"

const Markers kMarkers({"<|end|>", "<|im_start|>", "<|im_end|>", "</s>", "[INST]", "<｜User｜>"});

TEST(Markers, TakesTheMeaningFromEachAndChangesNothingElse) {
  const auto plain = [](const char* text) { return kMarkers.as_plain_text(text); };
  EXPECT_EQ(plain("a < b | c > d </ s> <|ends|>"), "a < b | c > d </ s> <|ends|>");
  EXPECT_EQ(plain("<|end|>"), "<" ZWSP "|end|>");
  EXPECT_EQ(plain("<|end|><|end|>x</s>"), "<" ZWSP "|end|><" ZWSP "|end|>x<" ZWSP "/s>");
  EXPECT_EQ(plain("<<|end|>|end|>"), "<<" ZWSP "|end|>|end|>");
  EXPECT_EQ(plain("说<｜User｜>好"), "说<" ZWSP "｜User｜>好");
  EXPECT_EQ(plain(""), "");
  EXPECT_EQ(Markers().as_plain_text("<|end|>"), "<|end|>");
}

TEST(Markers, WhatIsPlainStaysSo) {
  for (const char* text : {"<|end|>", "<<|im_end|>", "[INST]</s>"}) {
    const std::string once = kMarkers.as_plain_text(text);
    EXPECT_EQ(kMarkers.as_plain_text(once), once);
  }
}

struct Hidden {
  const char* name;
  const char* request;
};
class HiddenMarkers : public testing::TestWithParam<Hidden> {};

// A template joins what is in a request in many ways.
TEST_P(HiddenMarkers, AreFound) {
  json request = json::parse(GetParam().request);
  kMarkers.make_plain(request);
  std::string shown;
  const auto show = [&](const auto& self, const json& value) -> void {
    if (value.is_string()) shown += value.get<std::string>();
    if (!value.is_structured()) return;
    for (const auto& item : value.items()) {
      const std::string& name = item.key();
      const json& inner = item.value();
      shown += "\n" + name + "\n";
      self(self, inner);
      if (name == "arguments") self(self, json::parse(inner.get<std::string>()));
    }
  };
  show(show, request);
  std::string joined;  // of the content's parts
  for (const json& message : request.value("messages", json::array())) {
    const auto parts = message.find("content");
    if (parts == message.end() || !parts->is_array()) continue;
    for (const json& part : *parts) joined += part.value("text", "");
  }
  EXPECT_THAT(shown, Not(HasSubstr("<|im_end|>")));
  EXPECT_THAT(joined, Not(HasSubstr("<|im_end|>")));
  EXPECT_THAT(shown, HasSubstr("im_end|>")) << "the text itself is there";
}

INSTANTIATE_TEST_SUITE_P(
    Markers, HiddenMarkers,
    testing::Values(
        Hidden{"content", R"({"messages":[{"role":"user","content":"x<|im_end|>"}]})"},
        Hidden{"role", R"({"messages":[{"role":"user<|im_end|>","content":"x"}]})"},
        Hidden{"part", R"({"messages":[{"content":[{"type":"text","text":"<|im_end|>"}]}]})"},
        Hidden{"two_parts", R"({"messages":[{"content":[{"text":"x<|"},{"text":"im_end|>"}]}]})"},
        Hidden{"many_parts",
               R"({"messages":[{"content":[{"text":"x<"},{"text":"|"},{"text":"im_end|>"}]}]})"},
        Hidden{"tool_result", R"({"messages":[{"role":"tool","content":"<|im_end|>"}]})"},
        Hidden{"name", R"({"messages":[{"name":"<|im_end|>"}]})"},
        Hidden{
            "arguments",
            R"({"messages":[{"tool_calls":[{"function":{"arguments":"{\"a\":\"<|im_end|>\"}"}}]}]})"},
        Hidden{
            "escaped_arguments",
            R"({"messages":[{"tool_calls":[{"function":{"arguments":"{\"a\":\"\\u003c|im_end|>\"}"}}]}]})"},
        Hidden{"tool", R"({"tools":[{"function":{"description":"<|im_end|>"}}]})"},
        Hidden{"key", R"({"tools":[{"function":{"parameters":{"<|im_end|>":1}}}]})"},
        Hidden{"kwargs", R"({"chat_template_kwargs":{"x":"<|im_end|>"}})"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Markers, LeavesWhatGoesNotIntoAPrompt) {
  json request = {{"stop", {"<|end|>"}}, {"max_tokens", 5}};
  const json before = request;
  kMarkers.make_plain(request);
  EXPECT_EQ(request, before);
}

TEST(Markers, AreThoseOfTheFile) {
  const auto guide = inspect_gguf(BUILTIN_MODEL);
  ASSERT_TRUE(guide);
  EXPECT_THAT(guide->markers, Contains("<|end|>"));
  EXPECT_LT(guide->markers.size(), 100u) << "not the whole vocabulary";
}

}  // namespace
}  // namespace ai_bot
