#include <iostream>

#include "cli/command.h"
#include "cli/running_server.h"
#include "core/json.h"

namespace ai_bot {
namespace {

void print_findings(const Cli& cli, const nlohmann::json& findings) {
  for (const auto& entry : findings) {
    const std::string text = text_or(entry, "text");
    const Finding finding{text_or(entry, "level") == "error",
                          text_or(entry, "file"),
                          static_cast<int>(number_or(entry, "line")),
                          text_or(entry, "key"),
                          {text, text}};
    std::cerr << (finding.is_error ? cli.tr("error: ", "错误：") : cli.tr("warning: ", "警告："))
              << finding.in(cli.language) << "\n";
  }
}

void print_changes(const Cli& cli, const nlohmann::json& changes) {
  if (changes.empty()) std::cout << cli.tr("Nothing has changed.", "没有变化。") << "\n";
  for (const auto& change : changes) {
    std::cout << (flag_or(change, "active") ? cli.tr("active now: ", "已生效：")
                                            : cli.tr("needs a restart: ", "需要重启："))
              << text_or(change, "key") << "\n";
  }
}

void reload(Cli& cli, bool as_json) {
  const ReadConfig read = load_config(cli.config_path);
  // Only to know which server: what it finds in its file it says itself.
  if (!read.usable()) {
    cli.load_config();
    return cli.fail({"nothing was reloaded", "未重新加载"});
  }
  const auto answer = RunningServer(cli, read.config).ask("POST", "/api/admin/reload");
  if (!answer) return cli.fail(answer.error().text);
  const bool is_taken = answer->body.is_object() && flag_or(answer->body, "taken");
  if (!is_taken) cli.exit_code = 1;
  if (as_json) return void(std::cout << answer->body.dump(2) << "\n");
  if (answer->body.contains("findings")) print_findings(cli, answer->body["findings"]);
  if (is_taken) return print_changes(cli, answer->body["changed"]);
  cli.fail({"the server goes on with its former configuration", "服务器继续使用原有配置"});
}

}  // namespace

void add_reload(CLI::App& app, Cli& cli) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command = add_command(
      app, cli, "reload",
      {"Have the running server read its configuration again", "让运行中的服务器重新读取配置"},
      [&cli, as_json] { reload(cli, *as_json); });
  command->add_flag("--json", *as_json, cli.tr("As JSON", "输出 JSON"));
}

}  // namespace ai_bot
