// `model bench` and `model quantize`: work on files, with no server.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/terminal.h"
#include "config/data_folder.h"
#include "models/builtin_model.h"
#include "models/tools.h"

namespace ai_bot {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using terminal::size_text;

struct ToolOptions {
  std::string file;
  std::string type = "Q8_0";
  std::string out;
  bool no_bench = false;
  bool as_json = false;
};

void print_json(const ordered_json& value) { std::cout << value.dump(2) << "\n"; }

ordered_json bench_json(const std::string& file, const BenchResult& result) {
  return {{"file", file},
          {"bytes", result.file_size},
          {"peak_memory_bytes", result.peak_memory},
          {"prompt_tokens_per_second", result.prompt_rate},
          {"generation_tokens_per_second", result.generation_rate}};
}

std::vector<std::string> bench_row(const std::string& name, const BenchResult& result) {
  return {name, size_text(result.file_size), size_text(result.peak_memory),
          fmt::format("{:.1f}", result.prompt_rate), fmt::format("{:.1f}", result.generation_rate)};
}

std::vector<std::string> bench_head(const Cli& cli) {
  return {"", cli.tr("file", "文件"), cli.tr("peak memory", "峰值内存"),
          cli.tr("prompt tok/s", "提示 tok/s"), cli.tr("generation tok/s", "生成 tok/s")};
}

void say(const std::string& text) {
  if (terminal::is_terminal(STDERR_FILENO)) std::cerr << text << "\n";
}

void bench(Cli& cli, const ToolOptions& options) {
  const auto config = cli.load_config();
  if (!config) return void(cli.exit_code = 1);
  std::string file = options.file;
  if (file == "builtin") {
    const DataFolder folder(config->data_dir);
    if (auto made = folder.prepare(); !made) return cli.fail(made.error().text);
    const auto builtin = builtin_model(folder);
    if (!builtin) return cli.fail(builtin.error().text);
    file = *builtin;
  }
  say(cli.tr("Measuring; this takes a while …", "正在测量，请稍候……"));
  const auto result = bench_model(config->engine, file, {});
  if (!result) return cli.fail(result.error().text);
  if (options.as_json) return print_json(bench_json(file, *result));
  std::cout << terminal::table({bench_head(cli), bench_row(fs::path(file).filename(), *result)});
}

std::string change(double before, double after, bool factor) {
  if (before <= 0) return "";
  return factor ? fmt::format("{:.2f}x", after / before)
                : fmt::format("{:+.0f} %", (after / before - 1) * 100);
}

void quantize(Cli& cli, ToolOptions options) {
  const auto config = cli.load_config();
  if (!config) return void(cli.exit_code = 1);
  if (options.out.empty()) {
    fs::path out = options.file;
    out.replace_filename(out.stem().string() + "-" + options.type + ".gguf");
    options.out = out.string();
  }
  say(cli.tr("Quantizing …", "正在量化……"));
  const bool shown = terminal::is_terminal(STDERR_FILENO);
  const auto progress = [&](std::string_view line) {
    if (shown && line.starts_with('[')) std::cerr << "\r\x1b[K" << line.substr(0, 78) << std::flush;
  };
  const auto done =
      quantize_model(config->engine, options.file, options.out, options.type, progress);
  if (shown) std::cerr << "\r\x1b[K";
  if (!done) return cli.fail(done.error().text);
  std::cout << cli.tr("Written: ", "已生成：") << options.out << "\n";
  if (options.no_bench) return;
  say(cli.tr("Measuring both; this takes a while …", "正在测量两个文件，请稍候……"));
  const auto before = bench_model(config->engine, options.file, {});
  if (!before) return cli.fail(before.error().text);
  const auto after = bench_model(config->engine, options.out, {});
  if (!after) return cli.fail(after.error().text);
  if (options.as_json)
    return print_json({{"before", bench_json(options.file, *before)},
                       {"after", bench_json(options.out, *after)}});
  std::cout << terminal::table({bench_head(cli),
                                bench_row(cli.tr("before", "之前"), *before),
                                bench_row(cli.tr("after", "之后"), *after),
                                {cli.tr("change", "变化"),
                                 change(static_cast<double>(before->file_size),
                                        static_cast<double>(after->file_size), false),
                                 change(static_cast<double>(before->peak_memory),
                                        static_cast<double>(after->peak_memory), false),
                                 change(before->prompt_rate, after->prompt_rate, true),
                                 change(before->generation_rate, after->generation_rate, true)}});
}

}  // namespace

void add_model_tools(CLI::App& model, Cli& cli) {
  auto options = std::make_shared<ToolOptions>();
  const std::string json_help = cli.tr("As JSON", "输出 JSON");
  CLI::App* bench_command = add_command(
      model, cli, "bench", {"Measure memory and speed of a file", "测量文件的内存和速度"},
      [&cli, options] { bench(cli, *options); });
  bench_command
      ->add_option("file", options->file, cli.tr("GGUF file, or builtin", "GGUF 文件，或 builtin"))
      ->required();
  bench_command->add_flag("--json", options->as_json, json_help);
  CLI::App* quantize_command =
      add_command(model, cli, "quantize",
                  {"Write a smaller, faster file and compare both", "生成更小更快的文件并比较"},
                  [&cli, options] { quantize(cli, *options); });
  quantize_command
      ->add_option("file", options->file,
                   cli.tr("GGUF file, best in F32 or F16", "GGUF 文件，最好为 F32 或 F16"))
      ->required();
  quantize_command
      ->add_option("--type", options->type,
                   cli.tr("Type: Q8_0 (INT8), Q6_K, Q5_K_M, Q4_K_M, F16 …",
                          "类型：Q8_0（INT8）、Q6_K、Q5_K_M、Q4_K_M、F16 等"))
      ->capture_default_str();
  quantize_command->add_option(
      "-o,--out", options->out,
      cli.tr("Output file (default: beside the input)", "输出文件（默认与输入同目录）"));
  quantize_command->add_flag("--no-bench", options->no_bench, cli.tr("Do not measure", "不测量"));
  quantize_command->add_flag("--json", options->as_json, json_help);
}

}  // namespace ai_bot
