#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/data_folder.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "core/json.h"
#include "core/redact.h"
#include "models/gguf.h"
#include "models/tools.h"

namespace ai_bot {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using terminal::size_text;

constexpr milliseconds kHealthTimeout{3000};
constexpr milliseconds kPollInterval{100};

struct ModelOptions {
  std::string file;
  std::string type = "Q8_0";
  std::string out;
  bool no_bench = false;
  bool as_json = false;
};

// The running server's health; no value when none answers.
std::optional<nlohmann::json> server_health(const Config& config) {
  HttpClient http;
  HttpRequest request;
  request.url = server_url(config) + "/api/health";
  request.timeouts = HttpTimeouts::all(kHealthTimeout);
  const auto reply = http.fetch(request);
  if (!reply) return std::nullopt;
  auto health = parse_json(reply->body);
  return health.is_object() && health.contains("models") ? std::optional(std::move(health))
                                                         : std::nullopt;
}

void print_json(const ordered_json& value) { std::cout << value.dump(2) << "\n"; }

// A model that could be used, and whether it is.
struct Found {
  std::string name;
  std::string where;
  std::optional<GgufInfo> info;
  std::string problem;
};

std::vector<Found> find_models(const Cli& cli, const Config& config) {
  std::vector<Found> found;
  const DataFolder folder(config.data_dir);
  const auto add_file = [&](const std::string& name, const std::string& file) {
    const auto info = inspect_gguf(file);
    found.push_back({name, file, info ? std::optional(*info) : std::nullopt,
                     info ? "" : cli.tr(info.error().text)});
  };
  for (const ModelConfig& model : config.models) {
    if (model.type != "local") {
      found.push_back({model.name, redacted(model.base_url), std::nullopt, ""});
    } else if (model.path == "builtin") {
      found.push_back({model.name, "builtin", std::nullopt, ""});
    } else {
      add_file(model.name, model.path);
    }
  }
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder.models(), ignored)) {
    if (entry.path().extension() == ".gguf")
      add_file(entry.path().filename().string(), entry.path().string());
  }
  return found;
}

void list(Cli& cli, bool as_json) {
  const auto config = cli.load_config();
  if (!config) return void(cli.exit_code = 1);
  const std::string active = DataFolder(config->data_dir).active_model();
  ordered_json out = ordered_json::array();
  std::vector<std::vector<std::string>> rows = {
      {"", cli.tr("name", "名称"), cli.tr("type", "类型"), cli.tr("size", "大小"),
       cli.tr("parameters", "参数量"), cli.tr("context", "上下文"), cli.tr("where", "位置")}};
  for (const Found& model : find_models(cli, *config)) {
    const bool is_active = !active.empty() && model.where == active;
    ordered_json entry = {{"name", model.name}, {"where", model.where}, {"active", is_active}};
    std::vector<std::string> row = {is_active ? "*" : "",
                                    model.name,
                                    "",
                                    "",
                                    "",
                                    "",
                                    model.problem.empty() ? model.where : model.problem};
    if (model.info) {
      entry["quantization"] = model.info->quantization;
      entry["bytes"] = model.info->file_size;
      entry["parameters"] = model.info->parameters;
      entry["context"] = model.info->context_length;
      row[2] = model.info->quantization;
      row[3] = size_text(model.info->file_size);
      row[4] = fmt::format("{:.1f} M", static_cast<double>(model.info->parameters) / 1e6);
      row[5] = std::to_string(model.info->context_length);
    }
    if (!model.problem.empty()) entry["problem"] = model.problem;
    out.push_back(entry);
    rows.push_back(row);
  }
  if (as_json) return print_json(out);
  std::cout << terminal::table(rows);
}

void status(Cli& cli, bool as_json) {
  const auto config = cli.load_config();
  if (!config) return void(cli.exit_code = 1);
  const auto health = server_health(*config);
  if (!health) {
    return cli.fail(
        {"no server answers at " + server_url(*config) + ": start it with `ai_bot serve`",
         server_url(*config) + " 没有响应：请用 `ai_bot serve` 启动"});
  }
  if (as_json) return print_json(ordered_json((*health)["models"]));
  std::vector<std::vector<std::string>> rows = {
      {cli.tr("name", "名称"), cli.tr("state", "状态"), cli.tr("breaker", "熔断器"),
       cli.tr("restarts", "重启次数"), cli.tr("where", "位置"), cli.tr("problem", "问题")}};
  for (const auto& model : (*health)["models"]) {
    rows.push_back({text_or(model, "name"), text_or(model, "state"), text_or(model, "breaker"),
                    std::to_string(number_or(model, "restarts")), text_or(model, "detail"),
                    text_or(model, "problem")});
  }
  std::cout << terminal::table(rows);
}

// Follows a running server's swap until it is done; false when it failed.
bool follow_swap(Cli& cli, const Config& config, const std::string& file) {
  for (SteadyTime begun = steady_now();
       since(begun) < config.engine.start_timeout + kHealthTimeout;) {
    std::this_thread::sleep_for(kPollInterval);
    const auto health = server_health(config);
    if (!health) continue;
    for (const auto& model : (*health)["models"]) {
      if (text_or(model, "detail") == file && text_or(model, "state") == "ready") return true;
      const std::string problem = text_or(model, "problem");
      if (problem.find(file) != std::string::npos || problem.starts_with("the swap failed")) {
        cli.fail({problem, problem});
        return false;
      }
    }
  }
  cli.fail({"the server did not finish the swap in time; see its log",
            "服务器未能及时完成切换，请查看日志"});
  return false;
}

void use(Cli& cli, const std::string& name) {
  const auto config = cli.load_config();
  if (!config) return void(cli.exit_code = 1);
  const DataFolder folder(config->data_dir);
  if (auto made = folder.prepare(); !made) return cli.fail(made.error().text);
  std::string file = name;
  if (name == "builtin") {
    auto builtin = folder.builtin_model();
    if (!builtin) return cli.fail(builtin.error().text);
    file = *builtin;
  } else if (!fs::exists(file) && fs::exists(folder.models() + "/" + name)) {
    file = folder.models() + "/" + name;
  }
  file = fs::absolute(file).lexically_normal().string();
  const auto info = inspect_gguf(file);
  if (!info) return cli.fail(info.error().text);
  if (!info->has_chat_template) {
    std::cerr << cli.tr("warning: the file has no chat template; its answers may be poor\n",
                        "警告：该文件没有对话模板，回答质量可能较差\n");
  }
  if (auto chosen = folder.choose_model(file); !chosen) return cli.fail(chosen.error().text);
  const int server = ServerLock::holder(folder.lock_file());
  if (server == 0) {
    std::cout << cli.tr("Chosen; the server uses it from its next start: ",
                        "已选择，服务器下次启动时使用：")
              << file << "\n";
    return;
  }
  kill(server, SIGHUP);
  if (follow_swap(cli, *config, file))
    std::cout << cli.tr("The server answers with it now: ", "服务器现在使用该模型：") << file
              << "\n";
}

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

void bench(Cli& cli, const ModelOptions& options) {
  const auto config = cli.load_config();
  if (!config) return void(cli.exit_code = 1);
  std::string file = options.file;
  if (file == "builtin") {
    const DataFolder folder(config->data_dir);
    if (auto made = folder.prepare(); !made) return cli.fail(made.error().text);
    const auto builtin = folder.builtin_model();
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

void quantize(Cli& cli, ModelOptions options) {
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

void add_model(CLI::App& app, Cli& cli) {
  CLI::App* model =
      add_command(app, cli, "model",
                  {"List, choose, quantize and measure models", "列出、选择、量化和测量模型"});
  model->require_subcommand(1);
  auto options = std::make_shared<ModelOptions>();
  const std::string json_help = cli.tr("As JSON", "输出 JSON");
  CLI::App* list_command = add_command(*model, cli, "list", {"List the models", "列出模型"},
                                       [&cli, options] { list(cli, options->as_json); });
  list_command->add_flag("--json", options->as_json, json_help);
  CLI::App* status_command = add_command(
      *model, cli, "status", {"How the running server's models are", "查看运行中服务器的模型状态"},
      [&cli, options] { status(cli, options->as_json); });
  status_command->add_flag("--json", options->as_json, json_help);
  CLI::App* use_command = add_command(*model, cli, "use",
                                      {"Answer with this GGUF file from now on, without downtime",
                                       "改用该 GGUF 文件回答，不中断服务"},
                                      [&cli, options] { use(cli, options->file); });
  use_command
      ->add_option("file", options->file,
                   cli.tr("GGUF file, a name in data_dir/models, or builtin",
                          "GGUF 文件、data_dir/models 中的名称，或 builtin"))
      ->required();
  CLI::App* bench_command = add_command(
      *model, cli, "bench", {"Measure memory and speed of a file", "测量文件的内存和速度"},
      [&cli, options] { bench(cli, *options); });
  bench_command
      ->add_option("file", options->file, cli.tr("GGUF file, or builtin", "GGUF 文件，或 builtin"))
      ->required();
  bench_command->add_flag("--json", options->as_json, json_help);
  CLI::App* quantize_command =
      add_command(*model, cli, "quantize",
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
