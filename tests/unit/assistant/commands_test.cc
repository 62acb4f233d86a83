#include "assistant/commands.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ai_bot {
namespace {

const char* name_of(Command command) {
  switch (command) {
    case Command::kHelp:
      return "help";
    case Command::kNew:
      return "new";
    case Command::kModel:
      return "model";
    case Command::kStatus:
      return "status";
    case Command::kStop:
      return "stop";
    case Command::kUnknown:
      return "unknown";
  }
  return "";
}

TEST(Commands, AreReadAsTheCasesSay) {
  for (const auto& one : test::read_json("unit/assistant/command_cases.json")) {
    SCOPED_TRACE(one["text"].get<std::string>());
    const auto parsed = parse_command(one["text"].get<std::string>());
    if (one["command"].is_null()) {
      EXPECT_FALSE(parsed);
      continue;
    }
    ASSERT_TRUE(parsed);
    EXPECT_EQ(name_of(parsed->command), one["command"]);
    EXPECT_EQ(parsed->argument, one.value("argument", ""));
    EXPECT_EQ(parsed->language, one["language"] == "zh" ? Language::kChinese : Language::kEnglish);
  }
}

TEST(Commands, HelpNamesEachOneInBothLanguages) {
  for (const char* name : {"/help", "/new", "/model", "/status", "/stop"}) {
    EXPECT_NE(help_text().en.find(name), std::string::npos) << name;
    EXPECT_NE(help_text().zh.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace ai_bot
