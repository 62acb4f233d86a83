#include "gateway/text_decoding.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <filesystem>

#include "support/test_data.h"

namespace ai_bot {
namespace {

using test::read_file;

std::string of_hex(const std::string& hex) {
  std::string bytes(hex.size() / 2, '\0');
  sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), hex.data(),
                 hex.size(), nullptr, nullptr, nullptr);
  return bytes;
}

// NAME.ENCODING beside NAME.txt; made by texts/make.
TEST(TextDecoding, ReadsRealTextsInEachEncoding) {
  int read = 0;
  for (const std::string& file : test::files_in("unit/gateway/texts")) {
    const std::filesystem::path path(file);
    if (!path.has_extension()) continue;  // make
    const std::string text = read_file(std::filesystem::path(path).replace_extension(".txt"));
    EXPECT_EQ(decode_text(read_file(file)), text) << file;
    ++read;
  }
  EXPECT_GE(read, 50);
}

TEST(TextDecoding, DoesNotGuessAtOtherLanguagesEncodings) {
  for (const std::string& file : test::files_in("unit/gateway/texts/unknown")) {
    if (file.ends_with(".txt")) continue;
    EXPECT_EQ(decode_text(read_file(file)), std::nullopt) << file;
  }
}

TEST(TextDecoding, ReadsWhatIsCutEmptyOrNoText) {
  for (const auto& row : test::read_json("unit/gateway/text_cases.json")) {
    const auto text = decode_text(of_hex(row["hex"]));
    if (row["text"].is_null()) {
      EXPECT_EQ(text, std::nullopt) << row["name"];
    } else {
      EXPECT_EQ(text, row["text"].get<std::string>()) << row["name"];
    }
  }
}

// At any byte: nothing is lost but the character there.
TEST(TextDecoding, LosesOneCharacterAtMostWhereATextIsCut) {
  for (const char* name : {"rights-simplified.gbk", "rights-traditional.big5",
                           "rights-simplified.txt", "rights-simplified.utf-16-le-marked"}) {
    const std::string bytes = read_file(test::data_path(std::string("unit/gateway/texts/") + name));
    const std::string whole = *decode_text(bytes);
    for (size_t size = bytes.size() - 8; size < bytes.size(); ++size) {
      const auto text = decode_text(bytes.substr(0, size));
      ASSERT_TRUE(text) << name << " at " << size;
      EXPECT_TRUE(whole.starts_with(*text)) << name << " at " << size;
      EXPECT_GE(text->size() + 16, whole.size()) << name << " at " << size;
    }
  }
}

}  // namespace
}  // namespace ai_bot
