#include <fmt/format.h>

#include <iostream>

#include "cli/channel_states.h"
#include "cli/command.h"
#include "cli/running_server.h"
#include "cli/terminal.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;
using terminal::Colour;

constexpr int kNotRunning = 1, kUnwell = 2;  // exit codes

const json& list_in(const json& object, const char* key) {
  static const json none = json::array();
  const auto at = object.find(key);
  return at != object.end() && at->is_array() ? *at : none;
}

// What somebody has to look at, one sentence each.
std::vector<std::string> problems_of(const Cli& cli, const json& status) {
  std::vector<std::string> problems;
  for (const json& reason : list_in(status, "reasons")) {
    if (reason.is_string()) problems.push_back(reason.get<std::string>());
  }
  for (const json& model : list_in(status, "models")) {
    const std::string problem = text_or(model, "problem");
    if (!problem.empty()) problems.push_back(text_or(model, "name") + ": " + problem);
  }
  for (const json& channel : channel_states(status)) {
    for (const std::string& problem : problems_of_channel(channel))
      problems.push_back(text_or(channel, "channel") + ": " + problem);
  }
  const int64_t dead = number_or(object_in(status, "inbox"), "dead") +
                       number_or(object_in(status, "outbox"), "dead");
  if (dead > 0) {
    problems.push_back(fmt::format(
        fmt::runtime(cli.tr("{} dead letters: see ai_bot doctor, open them again with ai_bot "
                            "doctor --replay",
                            "{} 条死信：用 ai_bot doctor 查看，ai_bot doctor --replay 重新投递")),
        dead));
  }
  return problems;
}

void print_line(const std::string& name, const std::string& text) {
  std::cout << "  " << name << std::string(name.size() > 12 ? 1 : 13 - name.size(), ' ') << text
            << "\n";
}

void print(const Cli& cli, const json& status, const std::vector<std::string>& problems) {
  const bool is_ok = text_or(status, "status") == "ok";
  std::cout << terminal::coloured(is_ok ? Colour::kGreen : Colour::kRed, "●") << " ai_bot "
            << text_or(status, "version") << "  "
            << (is_ok ? cli.tr("healthy", "运行正常") : cli.tr("unwell", "异常")) << "   "
            << cli.tr("up ", "已运行 ") << duration(cli, number_or(status, "uptime_s")) << "   pid "
            << number_or(status, "pid") << "   " << text_or(status, "url") << "\n\n";
  for (const json& model : list_in(status, "models")) {
    const std::string where = text_or(model, "detail");
    print_line("model", text_or(model, "name") + "  " + text_or(model, "state") +
                            (where.empty() ? "" : "  " + where));
  }
  for (const json& channel : channel_states(status))
    print_line("channel", text_or(channel, "channel") + "  " + text_or(channel, "state"));
  const json& turns = object_in(status, "turns");
  print_line("queue",
             fmt::format(fmt::runtime(cli.tr("{} waiting, {} being answered, {} on their way out",
                                             "{} 条等待，{} 条正在回答，{} 条正在发出")),
                         number_or(turns, "waiting"), number_or(turns, "running"),
                         number_or(object_in(status, "outbox"), "open")));
  print_line("disk", fmt::format(fmt::runtime(cli.tr("{} free", "剩余 {}")),
                                 terminal::size_text(number_or(status, "disk_free_bytes"))));
  if (!problems.empty()) std::cout << "\n";
  for (const std::string& problem : problems)
    std::cout << terminal::coloured(Colour::kYellow, "!") << " " << problem << "\n";
}

void status(Cli& cli, bool as_json) {
  const auto config = cli.load_config();
  if (!config) return void(cli.exit_code = kNotRunning);
  const auto status = RunningServer(cli, *config).status();
  if (!status) return cli.fail(status.error().text);
  if (text_or(*status, "status") != "ok") cli.exit_code = kUnwell;
  if (as_json) return void(std::cout << status->dump(2) << "\n");
  print(cli, *status, problems_of(cli, *status));
}

}  // namespace

void add_status(CLI::App& app, Cli& cli) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(app, cli, "status",
                  {"How the running server is; exit code 1: none runs, 2: it is unwell",
                   "查看运行中服务器的状态；退出码 1：未运行，2：异常"},
                  [&cli, as_json] { status(cli, *as_json); });
  command->add_flag("--json", *as_json, cli.tr("As JSON", "输出 JSON"));
}

}  // namespace ai_bot
