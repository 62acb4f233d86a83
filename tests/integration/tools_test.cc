// Real llama-quantize and llama-bench on the built-in model.
#include "models/tools.h"

#include <gtest/gtest.h>

#include "models/gguf.h"
#include "support/temp_folder.h"

namespace ai_bot {
namespace {

TEST(ModelTools, QuantizeWritesAnotherTypeAndNeverOverwrites) {
  test::TempFolder folder;
  const std::string out = folder / "f16.gguf";
  int lines = 0;
  ASSERT_TRUE(quantize_model({}, BUILTIN_MODEL, out, "COPY", [&](std::string_view) { ++lines; }));
  EXPECT_GT(lines, 0);
  const auto info = inspect_gguf(out);
  ASSERT_TRUE(info) << info.error().text.en;
  EXPECT_EQ(info->quantization, "Q8_0");
  const auto again = quantize_model({}, BUILTIN_MODEL, out, "COPY", nullptr);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kConflict);
}

TEST(ModelTools, QuantizeLeavesNothingBehindWhenItFails) {
  test::TempFolder folder;
  const auto done = quantize_model({}, BUILTIN_MODEL, folder / "x.gguf", "NO_SUCH_TYPE", nullptr);
  ASSERT_FALSE(done);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ModelTools, BenchMeasuresSpeedAndMemory) {
  const auto result = bench_model({}, BUILTIN_MODEL, {64, 16, 1, 0});
  ASSERT_TRUE(result) << result.error().text.en;
  EXPECT_GT(result->prompt_rate, 0);
  EXPECT_GT(result->generation_rate, 0);
  EXPECT_GT(result->peak_memory, 1 << 20);
  EXPECT_EQ(result->file_size, static_cast<int64_t>(std::filesystem::file_size(BUILTIN_MODEL)));
}

}  // namespace
}  // namespace ai_bot
