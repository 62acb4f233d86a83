#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/command.h"
#include "cli/running_server.h"
#include "cli/terminal.h"
#include "config/data_folder.h"
#include "core/clock.h"
#include "core/disk.h"
#include "core/json.h"
#include "core/redact.h"
#include "models/builtin_model.h"
#include "models/gguf.h"

namespace ai_bot {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using terminal::size_text;

constexpr milliseconds kPatience{3000};
constexpr milliseconds kPollInterval{100};

struct ModelOptions {
  std::string file;
  bool as_json = false;
};

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
  const auto health = RunningServer(cli, *config).status();
  if (!health) return cli.fail(health.error().text);
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

// Follows a running server's swap until it is done, or failed.
Result<void> follow_swap(const Config& config, const RunningServer& server,
                         const std::string& file) {
  for (SteadyTime begun = steady_now(); since(begun) < config.engine.start_timeout + kPatience;) {
    std::this_thread::sleep_for(kPollInterval);
    const auto health = server.status();
    if (!health) continue;
    for (const auto& model : (*health)["models"]) {
      if (text_or(model, "detail") == file && text_or(model, "state") == "ready") return {};
      const std::string problem = text_or(model, "problem");
      if (problem.find(file) != std::string::npos || problem.starts_with("the swap failed"))
        return fail(Code::kUnavailable, problem, problem);
    }
  }
  return fail(Code::kTimeout, "the server did not finish the swap in time; see its log",
              "服务器未能及时完成切换，请查看日志");
}

Result<void> swap(const Config& config, const RunningServer& server, const std::string& file) {
  const auto told = server.ask("POST", "/api/admin/models");
  if (!told) return fail(told.error());
  if (told->status == 200) return follow_swap(config, server, file);
  return fail(told->refusal());
}

void use(Cli& cli, const std::string& name) {
  const auto config = cli.load_config();
  if (!config) return void(cli.exit_code = 1);
  const DataFolder folder(config->data_dir);
  if (auto made = folder.prepare(); !made) return cli.fail(made.error().text);
  std::string file = name;
  if (name == "builtin") {
    auto builtin = builtin_model(folder);
    if (!builtin) return cli.fail(builtin.error().text);
    file = *builtin;
  } else if (!may_exist(file) && may_exist(folder.models() + "/" + name)) {
    file = folder.models() + "/" + name;
  }
  std::error_code ignored;
  file = fs::absolute(file, ignored).lexically_normal().string();
  const auto info = inspect_gguf(file);
  if (!info) return cli.fail(info.error().text);
  if (!info->has_chat_template) {
    std::cerr << cli.tr("warning: the file has no chat template; its answers may be poor\n",
                        "警告：该文件没有对话模板，回答质量可能较差\n");
  }
  const std::string before = folder.active_model();
  if (auto chosen = folder.choose_model(file); !chosen) return cli.fail(chosen.error().text);
  const RunningServer server(cli, *config);
  if (server.pid() == 0) {
    std::cout << cli.tr("Chosen; the server uses it from its next start: ",
                        "已选择，服务器下次启动时使用：")
              << file << "\n";
    return;
  }
  if (const auto swapped = swap(*config, server, file); !swapped) {
    // A server that answers with another file must not come up with this one at its next start.
    if (swapped.error().code != Code::kTimeout) folder.choose_model(before);
    return cli.fail(swapped.error().text);
  }
  std::cout << cli.tr("The server answers with it now: ", "服务器现在使用该模型：") << file << "\n";
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
  add_model_tools(*model, cli);
}

}  // namespace ai_bot
