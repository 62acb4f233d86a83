// Whose name in a group's text is the bot's.
#include "channels/bot_mention.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;

TEST(BotMention, OnlyWhatIsSurelyTheBotGoes) {
  for (const json& row : test::read_json("unit/channels/bot_mention.json")) {
    EXPECT_EQ(without_bot(row["text"].get<std::string>(), row.value("name", "")),
              row["rest"].get<std::string>())
        << row;
  }
}

TEST(BotMention, ManyMentionsTakeLittleTime) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "@x" + std::to_string(i) + " ";
  EXPECT_TRUE(without_bot(text, "") == text);
  EXPECT_TRUE(without_bot(text, "nobody") == text);
  EXPECT_EQ(without_bot(std::string(20000, '@'), "").size(), 20000u);
}

}  // namespace
}  // namespace ai_bot
