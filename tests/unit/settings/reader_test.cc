#include "settings/reader.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "support/test_data.h"

namespace ai_bot {
namespace {

using test::TempFolder;

// Each file in cases/ begins with the findings it must lead to, and no others:
//   #! error|warning LINE KEY: a part of the English text
struct Expected {
  std::string level;
  int line;
  std::string key;
  std::string text;
};

std::vector<Expected> expected_of(const std::string& yaml) {
  std::vector<Expected> list;
  std::istringstream lines(yaml);
  for (std::string line; std::getline(lines, line) && line.starts_with("#! ");) {
    std::istringstream words(line.substr(3));
    Expected e;
    words >> e.level >> e.line >> std::ws;
    std::string rest;
    std::getline(words, rest);
    const size_t colon = rest.find(": ");
    e.key = rest.substr(0, colon);
    while (e.key.ends_with(' ')) e.key.pop_back();
    e.text = rest.substr(colon + 2);
    list.push_back(e);
  }
  return list;
}

class Cases : public testing::TestWithParam<std::string> {};

TEST_P(Cases, LeadsToItsFindings) {
  const std::string yaml = test::read_file(GetParam());
  const ReadConfig read = read_config(yaml, "case.yaml");
  const auto expected = expected_of(yaml);
  for (const Finding& f : read.findings) SCOPED_TRACE(f.in(Language::kEnglish));
  std::string all;
  for (const Finding& f : read.findings)
    all += (f.is_error ? "error " : "warning ") + f.in(Language::kEnglish) + "\n";
  EXPECT_EQ(read.findings.size(), expected.size()) << all;
  for (const Expected& e : expected) {
    const bool found =
        std::any_of(read.findings.begin(), read.findings.end(), [&](const Finding& f) {
          return f.is_error == (e.level == "error") && f.line == e.line && f.key == e.key &&
                 f.file == "case.yaml" && f.text.en.find(e.text) != std::string::npos &&
                 !f.text.zh.empty();
        });
    EXPECT_TRUE(found) << e.level << " " << e.line << " " << e.key << ": " << e.text << "\ngot:\n"
                       << all;
  }
  const bool has_error = std::any_of(expected.begin(), expected.end(),
                                     [](const Expected& e) { return e.level == "error"; });
  EXPECT_EQ(read.usable(), !has_error);
}

INSTANTIATE_TEST_SUITE_P(Config, Cases, testing::ValuesIn(test::files_in("unit/settings/cases")),
                         [](const auto& param) {
                           std::string name = std::filesystem::path(param.param).stem();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Config, EmptyMeansTheEmbeddedDefault) {
  const Config config = read_config("", "embedded default").config;
  EXPECT_EQ(config.server.listen, "127.0.0.1");
  EXPECT_EQ(config.server.port, 8080);
  ASSERT_EQ(config.models.size(), 1u);
  EXPECT_EQ(config.models[0].path, "builtin");
  ASSERT_EQ(config.channels.size(), 1u);
  EXPECT_TRUE(config.channels[0].is_default);
  EXPECT_FALSE(config.assistant.system_prompt.empty());
}

TEST(Config, SecretsComeFromTheEnvironmentAndFromFiles) {
  TempFolder folder;
  test::write_file(folder / "secret", "  from-a-file-0123456789 \n");
  setenv("AI_BOT_TEST_KEY", "from-env", 1);
  const ReadConfig read = read_config(
      "models: [{name: m, base_url: 'https://x.example/v1', model: m, api_key: "
      "'${AI_BOT_TEST_KEY}'}]\n"
      "channels: [{name: c, secret: 'file:" +
          (folder / "secret") + "'}]\n",
      "x.yaml");
  ASSERT_TRUE(read.usable());
  EXPECT_EQ(read.config.models[0].api_key.reveal(), "from-env");
  EXPECT_EQ(read.config.channels[0].secret.reveal(), "from-a-file-0123456789");
}

TEST(Config, AFileThatWasNamedMustExist) {
  const ReadConfig read = load_config("/no/such/config.yaml");
  ASSERT_FALSE(read.usable());
  EXPECT_EQ(read.findings[0].in(Language::kEnglish),
            "/no/such/config.yaml: can't be read: does it exist, and may you read it?");
}

TEST(Config, FindingsNameFileLineAndKeyInBothLanguages) {
  const ReadConfig read = read_config("server:\n  port: 0\n", "c.yaml");
  ASSERT_EQ(read.findings.size(), 1u);
  EXPECT_EQ(read.findings[0].in(Language::kEnglish),
            "c.yaml:2: server.port: is out of range: 1 to 65535");
  EXPECT_EQ(read.findings[0].in(Language::kChinese), "c.yaml:2: server.port: 超出范围：1 到 65535");
}

TEST(Config, HostileFilesAreRefusedQuickly) {
  EXPECT_FALSE(read_config(std::string(100000, '['), "x").usable());
  EXPECT_FALSE(read_config(std::string(2 << 20, 'a'), "x").usable());
  std::string deep = "a: ";
  for (int i = 0; i < 1000; ++i) deep += "{a: ";
  EXPECT_FALSE(read_config(deep, "x").usable());
}

TEST(ReadConfig, ASecretHasNoWhiteSpaceAroundItAndNoControlCharactersWithin) {
  const auto read = [](const std::string& value) {
    setenv("AI_BOT_TEST_KEY", value.c_str(), 1);
    return read_config(
        "models: [{name: m, type: openai, model: x, base_url: http://h/v1, api_key: "
        "'${AI_BOT_TEST_KEY}'}]\n",
        "test.yaml");
  };
  for (const char* value :
       {"the-key-of-a", " the-key-of-a\n", "the-key-of-a\r\n", "\tthe-key-of-a  "}) {
    const ReadConfig config = read(value);
    EXPECT_TRUE(config.usable());
    EXPECT_EQ(config.config.models.at(0).api_key.reveal(), "the-key-of-a");
  }
  for (const char* value :
       {"the-key\nX-Header: y", "the\rkey", "the\tkey", "the\x7fkey", "the\x1b[key"}) {
    const ReadConfig config = read(value);
    EXPECT_FALSE(config.usable()) << value;
    ASSERT_EQ(config.findings.size(), 1u);
    EXPECT_EQ(config.findings[0].key, "models[0].api_key");
    EXPECT_EQ(config.findings[0].text.en, "holds a line break or another control character");
  }
  test::TempFolder folder;
  std::ofstream(folder / "key") << "one\ntwo\n";
  EXPECT_FALSE(
      read_config(
          "models: [{name: m, type: openai, model: x, base_url: http://h/v1, api_key: 'file:" +
              std::string(folder / "key") + "'}]\n",
          "test.yaml")
          .usable());
}

}  // namespace
}  // namespace ai_bot
