#include "models/gguf.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace ai_bot {
namespace {

const std::string& model() {
  static const std::string bytes = test::read_file(BUILTIN_MODEL);
  return bytes;
}

TEST(Gguf, TellsWhatTheBuiltInModelIs) {
  const auto info = inspect_gguf(BUILTIN_MODEL);
  ASSERT_TRUE(info) << info.error().text.en;
  EXPECT_EQ(info->architecture, "llama");
  EXPECT_EQ(info->name, "ai_bot guide");
  EXPECT_EQ(info->quantization, "Q8_0");
  EXPECT_GT(info->parameters, 1000000);
  EXPECT_EQ(info->context_length, 512);
  EXPECT_TRUE(info->has_chat_template);
  EXPECT_GT(info->kv_bytes_per_token(), 0);
  EXPECT_LT(info->file_size, 10 << 20);
  const auto scales = info->own.at("ai_bot.lookup.scales");
  EXPECT_EQ(scales.type, GgufArray::Type::kFloat32);
  EXPECT_EQ(scales.bytes.size(), scales.count * sizeof(float));
}

TEST(Gguf, SaysWhatIsWrongWithAFile) {
  test::TempFolder folder;
  const auto error_of = [&](const std::string& name, std::string_view bytes) {
    test::write_file(folder / name, bytes);
    const auto info = inspect_gguf(folder / name);
    EXPECT_FALSE(info) << name;
    if (info) return std::string();
    EXPECT_TRUE(info.error().text.en.starts_with(folder / name));
    return info.error().text.en.substr((folder / name).size() + 1);
  };
  EXPECT_EQ(error_of("foreign", "PK\x03\x04 a zip file"),
            "is not a GGUF file: ai_bot runs models in that format only");
  EXPECT_EQ(error_of("empty", ""), "is empty: copy it again");
  EXPECT_EQ(error_of("header", model().substr(0, 1000)),
            "is truncated within its header: copy it again");
  const auto cut = error_of("cut", model().substr(0, model().size() - 100000));
  EXPECT_TRUE(cut.starts_with("is truncated: ") && cut.ends_with("bytes are there; copy it again"))
      << cut;
  std::string version = model().substr(0, 100);
  version[4] = 9;
  EXPECT_EQ(error_of("version", version), "is GGUF version 9; this ai_bot reads 2 to 3");
  std::string counts = model();
  counts[15] = '\x7f';
  EXPECT_EQ(error_of("counts", counts), "is damaged: absurd counts; copy it again");
  const auto missing = inspect_gguf(folder / "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_FALSE(inspect_gguf(folder.path()));
}

TEST(Gguf, SurvivesEveryTruncationOfTheHeader) {
  for (size_t size = 0; size < 3000; size += 7)
    EXPECT_FALSE(parse_gguf(std::string_view(model()).substr(0, size), static_cast<int64_t>(size)));
}

TEST(Gguf, SurvivesFlippedBytes) {
  std::string header = model().substr(0, 70000);
  for (size_t at = 0; at < header.size(); at += 13) {
    const char before = header[at];
    header[at] = static_cast<char>(before ^ 0xFF);
    (void)parse_gguf(header,
                     static_cast<int64_t>(model().size()));  // an error or a value, never a crash
    header[at] = before;
  }
  EXPECT_TRUE(parse_gguf(model(), static_cast<int64_t>(model().size())));
}

}  // namespace
}  // namespace ai_bot
