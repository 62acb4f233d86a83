#include "models/lookup.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;

const GgufInfo& guide() {
  static const GgufInfo info = inspect_gguf(BUILTIN_MODEL).value();
  return info;
}

const Lookup& lookup() {
  static const Lookup lookup = Lookup::read(guide()).value().value();
  return lookup;
}

std::vector<std::string> names(const Lookup::Found& found) {
  std::vector<std::string> names;
  for (const Lookup::Topic* topic : found.topics) names.push_back(topic->name);
  return names;
}

// models/guide/train/features.py finds the same in these texts (tests/e2e/test_guide.py).
TEST(Lookup, FindsTheFeaturesItWasTrainedOn) {
  const json vectors = test::read_json("unit/models/lookup_vectors.json");
  ASSERT_GE(vectors.size(), 20u);
  for (const json& vector : vectors) {
    const auto text = vector["text"].get<std::string>();
    EXPECT_EQ(text_features(text), vector["features"].get<std::vector<uint32_t>>()) << text;
  }
}

TEST(Lookup, FindsWhatAQuestionIsAbout) {
  const auto port = lookup().find("Which port does it listen on?");
  EXPECT_TRUE(port.known);
  EXPECT_EQ(names(port), std::vector<std::string>{"port"});
  EXPECT_EQ(port.topics[0]->subject.zh, "端口");
  EXPECT_EQ(names(lookup().find("端口是多少？")), std::vector<std::string>{"port"});
}

TEST(Lookup, NamesSeveralWhenItIsNotSure) {
  const auto found = lookup().find("port backup");
  EXPECT_TRUE(found.known);
  EXPECT_GT(found.topics.size(), 1u);
  EXPECT_LE(found.topics.size(), 3u);
}

TEST(Lookup, KnowsWhatItDoesNotKnow) {
  for (const char* question : {"Who painted the Mona Lisa?", "红烧肉怎么做"}) {
    const auto found = lookup().find(question);
    EXPECT_FALSE(found.known) << question;
    EXPECT_TRUE(found.topics.empty()) << question;
  }
}

TEST(Lookup, TakesAnyText) {
  for (const std::string& text :
       {std::string(), std::string(1 << 20, 'x'), std::string("\xff\xfe\0", 3)}) {
    EXPECT_LE(lookup().find(text).topics.size(), 3u);
  }
}

TEST(Lookup, ShowsTheGuideWhatWasFoundAndTheLastQuestion) {
  const json messages = {{{"role", "system"}, {"content", "You are a pirate."}},
                         {{"role", "user"}, {"content", "Hello"}},
                         {{"role", "assistant"}, {"content", "Hello!"}},
                         {{"role", "user"}, {"content", "Which port does it listen on?"}}};
  const json shown = lookup().ground(messages);
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(shown[0], json({{"role", "system"}, {"content", "Port"}}));
  EXPECT_EQ(shown[1], messages.back());
}

TEST(Lookup, AnswersInTheLanguageOfTheQuestion) {
  const json shown = lookup().ground({{{"role", "user"}, {"content", "端口是多少？"}}});
  EXPECT_EQ(shown[0]["content"], "端口");
}

TEST(Lookup, SaysWhenNothingWasFound) {
  const json shown =
      lookup().ground({{{"role", "user"}, {"content", "Who painted the Mona Lisa?"}}});
  EXPECT_EQ(shown[0]["content"], "I do not know that");
}

TEST(Lookup, NumbersSeveralSubjects) {
  const json shown = lookup().ground({{{"role", "user"}, {"content", "port backup"}}});
  EXPECT_TRUE(shown[0]["content"].get<std::string>().starts_with("1. ")) << shown;
  EXPECT_NE(shown[0]["content"].get<std::string>().find("\n2. "), std::string::npos) << shown;
}

TEST(Lookup, ReadsAQuestionInParts) {
  const json parts = {{{"type", "text"}, {"text", "Which port "}},
                      {{"type", "image_url"}, {"image_url", {{"url", "data:"}}}},
                      {{"type", "text"}, {"text", "does it listen on?"}}};
  const json shown = lookup().ground({{{"role", "user"}, {"content", parts}}});
  EXPECT_EQ(shown[1]["content"], "Which port does it listen on?");
}

TEST(Lookup, ShowsALongQuestionInPart) {
  std::string question = "Which port does it listen on? ";
  for (int i = 0; i < 1000; ++i) question += "端口";
  const json shown = lookup().ground({{{"role", "user"}, {"content", question}}});
  EXPECT_LE(shown[1]["content"].get<std::string>().size(), 300u);
}

TEST(Lookup, LeavesAConversationWithoutAQuestionAsItIs) {
  for (const json& messages : {json::array(), json("text"), json(), json::array({1, "x"}),
                               json::array({{{"role", "system"}, {"content", "x"}}}),
                               json::array({{{"role", "user"}, {"content", 7}}})}) {
    EXPECT_EQ(lookup().ground(messages), messages);
  }
}

TEST(Lookup, IsNotInOtherModels) {
  GgufInfo info = guide();
  info.own.clear();
  const auto read = Lookup::read(info);
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
}

TEST(Lookup, SaysWhichPartIsDamaged) {
  for (const auto& [key, array] : guide().own) {
    const auto refused = [&, key = key](const GgufInfo& info) {
      const auto read = Lookup::read(info);
      ASSERT_FALSE(read) << key;
      EXPECT_TRUE(read.error().text.en.starts_with("is damaged: ai_bot.lookup."))
          << read.error().text.en;
    };
    GgufInfo info = guide();
    info.own.erase(key);
    refused(info);
    info = guide();
    info.own[key].type = GgufArray::Type::kFloat32 == array.type ? GgufArray::Type::kUint8
                                                                 : GgufArray::Type::kFloat32;
    refused(info);
    info = guide();
    info.own[key].bytes.clear();
    info.own[key].count = 0;
    refused(info);
  }
}

TEST(Lookup, DeclinesWhenNoFeatureIsOfImportance) {
  GgufInfo info = guide();
  for (char& one : info.own["ai_bot.lookup.importance"].bytes) one = 0;
  EXPECT_FALSE(Lookup::read(info).value()->find("Which port does it listen on?").known);
}

TEST(Lookup, RefusesWeightsOfTopicsThereAreNot) {
  GgufInfo info = guide();
  info.own["ai_bot.lookup.weight_topics"].bytes[0] = '\xff';
  EXPECT_FALSE(Lookup::read(info));
  info = guide();
  info.own["ai_bot.lookup.starts"].bytes[3] = '\x7f';
  EXPECT_FALSE(Lookup::read(info));
  info = guide();
  info.own["ai_bot.lookup.biases"].bytes.replace(0, 4, "\x00\x00\xc0\x7f", 4);  // not a number
  EXPECT_FALSE(Lookup::read(info));
}

}  // namespace
}  // namespace ai_bot
