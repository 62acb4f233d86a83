#include "models/engine_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temp_folder.h"

namespace ai_bot {
namespace {

constexpr int64_t kGiB = 1 << 30, kMiB = 1 << 20;

// The shape of a 0.5 B model in INT8 (facts/baselines.md).
GgufInfo half_billion() {
  GgufInfo info;
  info.file_size = 501 * kMiB;
  info.context_length = 32768;
  info.layers = 24;
  info.embedding = 896;
  info.heads = 14;
  info.kv_heads = 2;
  return info;
}

TEST(EnginePlan, FitsTheMachine) {
  for (const int64_t memory : {1 * kGiB, 2 * kGiB, 4 * kGiB, 16 * kGiB}) {
    const EnginePlan plan = plan_engine({}, half_billion(), memory, 2);
    EXPECT_EQ(plan.threads, 2);
    EXPECT_LE(plan.estimated_memory + plan.prompt_cache, memory * 7 / 10) << memory / kMiB;
    EXPECT_GE(plan.context, 512);
    EXPECT_LE(plan.context, 8192);
  }
  EXPECT_EQ(plan_engine({}, half_billion(), 2 * kGiB, 2).parallel, 2);
  EXPECT_EQ(plan_engine({}, half_billion(), 16 * kGiB, 2).parallel, 4);
  EXPECT_LE(plan_engine({}, half_billion(), 64 * kGiB, 2).prompt_cache, 512 * kMiB);
}

TEST(EnginePlan, NeverExceedsTheModelsContext) {
  GgufInfo small = half_billion();
  small.context_length = 512;
  EXPECT_EQ(plan_engine({}, small, 16 * kGiB, 2).context, 512);
}

TEST(EnginePlan, TakesWhatIsConfiguredAsItIs) {
  EngineConfig config;
  config.threads = 7;
  config.parallel = 3;
  config.context = 100000;
  config.prompt_cache = {5 * kMiB};
  const EnginePlan plan = plan_engine(config, half_billion(), 1 * kGiB, 2);
  EXPECT_EQ(plan.threads, 7);
  EXPECT_EQ(plan.parallel, 3);
  EXPECT_EQ(plan.context, 100000);
  EXPECT_EQ(plan.prompt_cache, 5 * kMiB);
}

TEST(EngineArguments, CarryThePlan) {
  EngineConfig config;
  config.extra_args = {"--mlock"};
  EnginePlan plan;
  plan.threads = 2;
  plan.parallel = 4;
  plan.context = 1024;
  plan.prompt_cache = 100 * kMiB;
  const auto arguments =
      engine_arguments("/bin/llama-server", "/m.gguf", "guide", "/run/m.sock", plan, config);
  const std::string line = testing::PrintToString(arguments);
  EXPECT_EQ(arguments.front(), "/bin/llama-server");
  EXPECT_EQ(arguments.back(), "--mlock");
  for (const std::pair<const char*, const char*>& pair : {std::pair{"--model", "/m.gguf"},
                                                          {"--alias", "guide"},
                                                          {"--host", "/run/m.sock"},
                                                          {"--threads", "2"},
                                                          {"--parallel", "4"},
                                                          {"--ctx-size", "4096"},
                                                          {"--cache-ram", "100"}}) {
    const auto at = std::find(arguments.begin(), arguments.end(), pair.first);
    ASSERT_NE(at, arguments.end()) << pair.first;
    EXPECT_EQ(*(at + 1), pair.second) << pair.first;
  }
}

TEST(FindEngineTool, TakesTheConfiguredOneOrSaysWhatToDo) {
  test::TempFolder folder;
  EngineConfig config;
  config.command = folder / "llama-server";
  const auto missing = find_engine_tool(config, "llama-server");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text.en,
            "engine.command: " + config.command + " is not a program that can be run");
  for (const char* name : {"llama-server", "llama-bench"}) {
    test::write_file(folder / name, "#!/bin/sh\n");
    chmod((folder / name).c_str(), 0755);
  }
  EXPECT_EQ(*find_engine_tool(config, "llama-server"), config.command);
  EXPECT_EQ(*find_engine_tool(config, "llama-bench"), folder / "llama-bench");
  const auto none = find_engine_tool({}, "llama-no-such-tool");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().text.en.find("run script/engine"), std::string::npos);
}

TEST(UsableMemory, IsKnown) { EXPECT_GT(usable_memory(), 64 * kMiB); }

}  // namespace
}  // namespace ai_bot
