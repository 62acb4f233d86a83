#include "api/chat_body.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

using nlohmann::json;

std::string problem(const json& members) {
  json body = {{"messages", {{{"role", "user"}, {"content", "hi"}}}}};
  body.update(members);
  const auto parsed = parse_chat_body(body.dump());
  return parsed ? "" : parsed.error().text.en;
}

TEST(ChatBody, NamesTheMemberThatIsOfAnotherKind) {
  for (const json& odd : {json("x"), json(5), json(true), json{1}}) {
    EXPECT_EQ(problem({{"stream_options", odd}}), "stream_options: must be an object");
  }
  EXPECT_EQ(problem({{"stream_options", {{"include_usage", 1}}}}),
            "stream_options.include_usage: must be true or false");
  EXPECT_EQ(problem({{"max_tokens", 1.5}}), "max_tokens: must be a whole number");
  EXPECT_EQ(problem({{"stop", 5}}), "stop: must be a text or a list");
  EXPECT_EQ(problem({{"messages", {{{"role", "user"}, {"content", 5}}}}}),
            "messages: content must be a text, or a list of parts that are objects");
  EXPECT_EQ(problem({{"messages", {{{"role", "user"}, {"content", json::array({"x"})}}}}}),
            "messages: content must be a text, or a list of parts that are objects");
  EXPECT_EQ(problem({{"temperature", 1}, {"unknown", {1, 2}}}), "");
}

TEST(ChatBody, NullAndAnEmptyListForAnObjectAreNothing) {
  const auto parsed = parse_chat_body(
      R"({"messages":[{"role":"user","content":null}],"stream":null,"stream_options":[],"metadata":[],"max_tokens":null})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->size(), 2u) << *parsed;
  EXPECT_EQ((*parsed)["stream"], false);
}

// As "text" or "text + images"; empty where it is refused.
std::string said(const json& content, const char* role = "user") {
  const auto read = last_said({{"messages", {{{"role", role}, {"content", content}}}}});
  if (!read) return "";
  std::string text = read->text;
  for (const auto& image : read->images) text += " + " + *image;
  return text;
}

TEST(ChatBody, WhatIsSaidInAConversationIsATextOrPartsOfTextAndImages) {
  const json text = {{"type", "text"}, {"text", "look"}};
  const json image = {{"type", "image_url"}, {"image_url", {{"url", "data:x"}}}};
  EXPECT_EQ(said("hi"), "hi");
  EXPECT_EQ(said(json::array({text})), "look");
  EXPECT_EQ(said(json::array({text, image, text})), "look\n[image: image]\nlook + data:x");
  for (const json& odd :
       {json(nullptr), json::array(), json::array({json{{"type", "input_audio"}}}),
        json::array({json{{"type", "image_url"}, {"image_url", "data:x"}}})}) {
    EXPECT_EQ(said(odd), "") << odd;
  }
  EXPECT_EQ(said("hi", "assistant"), "");
}

}  // namespace
}  // namespace ai_bot
