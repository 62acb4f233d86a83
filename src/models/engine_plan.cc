#include "models/engine_plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ai_bot {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kGiB = 1 << 30;
constexpr int kLargestDefaultContext = 8192;  // tokens
constexpr int kSmallestContext = 512;
// The part of the memory a model with its caches may take by default; the rest is for the gateway,
// the page cache and the system.
constexpr double kModelShare = 0.6;
constexpr double kPromptCacheShare = 0.08;
constexpr int64_t kLargestPromptCache = 512 * kMiB;

int64_t number_in(const char* path) {
  std::ifstream file(path);
  int64_t value = -1;
  file >> value;
  return file ? value : -1;
}

bool is_program(const fs::path& path) {
  std::error_code ignored;
  return access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path, ignored);
}

}  // namespace

int64_t usable_memory() {
  int64_t memory = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  // Control groups, version 2 and 1; "max" or a missing file is no limit.
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const int64_t limit = number_in(path);
    if (limit > 0) memory = std::min(memory, limit);
  }
  return memory;
}

EnginePlan plan_engine(const EngineConfig& config, const GgufInfo& model, int64_t memory,
                       int processors) {
  EnginePlan plan;
  plan.threads = config.threads > 0 ? static_cast<int>(config.threads) : std::max(1, processors);
  const auto budget = static_cast<int64_t>(static_cast<double>(memory) * kModelShare);
  const int64_t for_cache = std::max<int64_t>(0, budget - model.file_size);
  const int64_t per_token = std::max<int64_t>(1, model.kv_bytes_per_token());

  const int longest = model.context_length > 0
                          ? static_cast<int>(std::min<int64_t>(model.context_length, 1 << 20))
                          : kLargestDefaultContext;
  plan.context = config.context > 0 ? static_cast<int>(config.context)
                                    : std::min(longest, kLargestDefaultContext);
  plan.parallel =
      config.parallel > 0 ? static_cast<int>(config.parallel) : (memory < 3 * kGiB ? 2 : 4);
  const auto fits = [&] { return int64_t{plan.context} * plan.parallel * per_token <= for_cache; };
  while (config.parallel == 0 && plan.parallel > 1 && !fits()) plan.parallel /= 2;
  while (config.context == 0 && plan.context > kSmallestContext && !fits()) plan.context /= 2;

  plan.prompt_cache =
      config.prompt_cache.count > 0
          ? config.prompt_cache.count
          : std::min(kLargestPromptCache,
                     static_cast<int64_t>(static_cast<double>(memory) * kPromptCacheShare));
  plan.estimated_memory =
      model.file_size + int64_t{plan.context} * plan.parallel * model.kv_bytes_per_token();
  return plan;
}

std::vector<std::string> engine_arguments(const std::string& command, const std::string& model_path,
                                          const std::string& alias, const std::string& socket,
                                          const EnginePlan& plan, const EngineConfig& config) {
  std::vector<std::string> arguments = {command,
                                        "--model",
                                        model_path,
                                        "--alias",
                                        alias,
                                        "--host",
                                        socket,
                                        "--threads",
                                        std::to_string(plan.threads),
                                        "--parallel",
                                        std::to_string(plan.parallel),
                                        "--ctx-size",
                                        std::to_string(plan.context * plan.parallel),
                                        "--cache-ram",
                                        std::to_string(plan.prompt_cache / kMiB),
                                        "--no-webui",
                                        "--metrics",
                                        "--offline",
                                        "--log-colors",
                                        "off"};
  arguments.insert(arguments.end(), config.extra_args.begin(), config.extra_args.end());
  return arguments;
}

Result<std::string> find_engine_tool(const EngineConfig& config, const std::string& tool) {
  std::vector<fs::path> folders;
  if (!config.command.empty()) {
    if (tool == "llama-server") {
      if (is_program(config.command)) return config.command;
      return fail(Code::kNotFound,
                  "engine.command: " + config.command + " is not a program that can be run",
                  "engine.command：" + config.command + " 不是可执行程序");
    }
    folders.push_back(fs::path(config.command).parent_path());
  }
  std::error_code ignored;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  folders.push_back(self / "../engine/usr/bin");
  folders.push_back("/opt/ai_bot/engine/usr/bin");
  const char* const set = std::getenv("PATH");
  std::stringstream path(set == nullptr ? "" : set);
  for (std::string folder; std::getline(path, folder, ':');) folders.emplace_back(folder);
  for (const fs::path& folder : folders) {
    const fs::path program = (folder / tool).lexically_normal();
    if (is_program(program)) return program.string();
  }
  return fail(
      Code::kNotFound,
      tool + " was not found: run script/engine, or set engine.command in the configuration",
      "找不到 " + tool + "：请运行 script/engine，或在配置中设置 engine.command");
}

}  // namespace ai_bot
