#include "models/tools.h"

#include <fmt/format.h>
#include <unistd.h>

#include <thread>

#include "core/disk.h"
#include "core/json.h"
#include "models/child_process.h"
#include "models/engine_plan.h"
#include "models/gguf.h"

namespace ai_bot {
namespace {

struct Finished {
  ChildExit exit;
  std::string output;
  std::string last_error;
};

Result<Finished> run_tool(std::vector<std::string> arguments,
                          const std::function<void(std::string_view)>& on_line) {
  Finished finished;
  ChildOptions options;
  options.arguments = std::move(arguments);
  options.on_output = [&](std::string_view line) {
    finished.last_error = line;
    if (on_line) on_line(line);
  };
  options.on_stdout = [&](std::string_view line) { finished.output.append(line).append("\n"); };
  options.on_exit = [&](const ChildExit& exit) { finished.exit = exit; };
  auto child = ChildProcess::start(std::move(options));
  if (!child) return fail(child.error());
  (*child)->wait();
  if (finished.exit.code != 0) {
    return fail(Code::kUnavailable,
                fmt::format("the tool failed ({}): {}", finished.exit.text(), finished.last_error),
                fmt::format("工具运行失败（{}）：{}", finished.exit.text(), finished.last_error));
  }
  return finished;
}

}  // namespace

Result<BenchResult> bench_model(const EngineConfig& engine, const std::string& file,
                                const BenchOptions& options) {
  const auto info = inspect_gguf(file);
  if (!info) return fail(info.error());
  const auto tool = find_engine_tool(engine, "llama-bench");
  if (!tool) return fail(tool.error());
  const int threads =
      options.threads > 0 ? options.threads : static_cast<int>(std::thread::hardware_concurrency());
  auto finished =
      run_tool({*tool, "-m", file, "-p", std::to_string(options.prompt_tokens), "-n",
                std::to_string(options.generated_tokens), "-r", std::to_string(options.repetitions),
                "-t", std::to_string(threads), "-o", "json"},
               nullptr);
  if (!finished) return fail(finished.error());
  const auto tests = parse_json(finished->output);
  if (!tests.is_array())
    return fail(Code::kInternal, "llama-bench did not print JSON", "llama-bench 没有输出 JSON");
  BenchResult result;
  result.file_size = info->file_size;
  result.peak_memory = finished->exit.peak_memory;
  for (const auto& test : tests) {
    (test.value("n_gen", 0) > 0 ? result.generation_rate : result.prompt_rate) =
        test.value("avg_ts", 0.0);
  }
  return result;
}

Result<void> quantize_model(const EngineConfig& engine, const std::string& input,
                            const std::string& output, const std::string& type,
                            const std::function<void(std::string_view)>& on_line) {
  if (const auto info = inspect_gguf(input); !info) return fail(info.error());
  if (may_exist(output)) {
    return fail(Code::kConflict,
                output + " is there already: remove it, or name another with --out",
                output + " 已存在：请先删除，或用 --out 指定其他文件");
  }
  const auto tool = find_engine_tool(engine, "llama-quantize");
  if (!tool) return fail(tool.error());
  const std::string beside = output + ".part";
  auto finished = run_tool(
      {*tool, input, beside, type, std::to_string(std::thread::hardware_concurrency())}, on_line);
  if (!finished) {
    unlink(beside.c_str());
    return fail(finished.error());
  }
  if (rename(beside.c_str(), output.c_str()) != 0) {
    return fail(Code::kStorage, output + ": can't be written", output + "：无法写入");
  }
  return {};
}

}  // namespace ai_bot
