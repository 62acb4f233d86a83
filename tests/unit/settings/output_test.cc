#include "config/output.h"

#include <gtest/gtest.h>

#include "settings/reader.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

Config complete() {
  return read_config(test::read_file(test::data_path("unit/settings/cases/complete.yaml")),
                     "complete.yaml")
      .config;
}

TEST(ShowConfig, NeverShowsASecret) {
  Config config = complete();
  const std::string shown = show_config(fields_of(config), Language::kEnglish);
  EXPECT_EQ(shown.find("a-key"), std::string::npos);
  EXPECT_EQ(shown.find("0123456789abcdef"), std::string::npos);
  EXPECT_NE(shown.find("********"), std::string::npos);
}

TEST(ShowConfig, ShowsAddressesWithoutTheirSecrets) {
  ReadConfig read = read_config(
      "models: [{name: m, type: openai, model: x, base_url: "
      "'https://host/v1/key0123456789abcdef?k=q', "
      "proxy: 'http://user:pw@proxy:3128'}]\n"
      "channels: [{name: c, secret: 0123456789abcdef, mode: callback, proxy: 'u:p@proxy:1', "
      "callback_url: 'https://host/hook?token=t'}]\n",
      "test.yaml");
  ASSERT_TRUE(read.usable());
  const std::string shown = show_config(fields_of(read.config), Language::kEnglish);
  for (const char* line :
       {"base_url: \"https://host/v1/********?********\"", "proxy: \"http://********@proxy:3128\"",
        "proxy: \"********@proxy:1\"", "callback_url: \"https://host/hook?********\""})
    EXPECT_NE(shown.find(line), std::string::npos) << line << "\n" << shown;
}

TEST(ShowConfig, ReadsBackTheSame) {
  for (const Language language : {Language::kEnglish, Language::kChinese}) {
    Config config = complete();
    std::string shown = show_config(fields_of(config), language);
    for (size_t at; (at = shown.find("\"********\"")) != std::string::npos;)
      shown.replace(at, 10, "\"0123456789abcdef\"");
    ReadConfig again = read_config(shown, "shown.yaml");
    for (const Finding& f : again.findings) ADD_FAILURE() << f.in(Language::kEnglish);
    config.models[1].api_key = Secret("0123456789abcdef");
    for (const ChangedKey& changed : changed_keys(fields_of(config), fields_of(again.config)))
      ADD_FAILURE() << changed.key;
  }
}

TEST(ShowConfig, QuotesWhatYamlWouldMisread) {
  Config config = complete();
  config.assistant.system_prompt = "yes: \"no\"\n# 你好 'x' \t";
  std::string shown = show_config(fields_of(config), Language::kEnglish);
  EXPECT_EQ(read_config(shown, "x").config.assistant.system_prompt, config.assistant.system_prompt);
}

TEST(ConfigSchema, DescribesEveryKeyAndItsLimits) {
  Config defaults;
  const auto schema = config_schema(fields_of(defaults), Language::kEnglish);
  const auto& port = schema["properties"]["server"]["properties"]["port"];
  EXPECT_EQ(port["type"], "integer");
  EXPECT_EQ(port["minimum"], 1);
  EXPECT_EQ(port["maximum"], 65535);
  EXPECT_EQ(port["default"], 8080);
  EXPECT_EQ(schema["properties"]["models"]["items"]["properties"]["api_key"]["format"], "password");
  EXPECT_EQ(schema["properties"]["log"]["properties"]["level"]["enum"].size(), 4u);
  EXPECT_EQ(
      config_schema(fields_of(defaults), Language::kChinese)["properties"]["log"]["description"],
      "日志。");
}

TEST(ChangedKeys, TellsWhatIsReloadedAndWhatNeedsARestart) {
  Config before = complete();
  Config after = before;
  after.log.level = "info";
  after.server.port = 9001;
  after.channels[0].secret = Secret("fedcba9876543210");
  std::map<std::string, Change> changed;
  for (const ChangedKey& key : changed_keys(fields_of(before), fields_of(after)))
    changed[key.key] = key.change;
  EXPECT_EQ(changed, (std::map<std::string, Change>{{"log.level", Change::kReload},
                                                    {"server.port", Change::kRestart},
                                                    {"channels[0].secret", Change::kReload}}));
  EXPECT_TRUE(changed_keys(fields_of(before), fields_of(before)).empty());
}

}  // namespace
}  // namespace ai_bot
