#include <fmt/format.h>

#include <iostream>

#include "cli/command.h"
#include "config/output.h"

namespace ai_bot {
namespace {

void check(Cli& cli, bool as_json) {
  const ReadConfig read = load_config(cli.config_path);
  cli.exit_code = read.usable() ? 0 : 1;
  if (as_json) {
    nlohmann::ordered_json out;
    out["file"] = read.config.origin;
    out["usable"] = read.usable();
    out["findings"] = nlohmann::ordered_json::array();
    for (const Finding& finding : read.findings) {
      out["findings"].push_back({{"level", finding.is_error ? "error" : "warning"},
                                 {"line", finding.line},
                                 {"key", finding.key},
                                 {"text", finding.text.in(cli.language)}});
    }
    std::cout << out.dump(2) << "\n";
    return;
  }
  for (const Finding& finding : read.findings) {
    std::cout << (finding.is_error ? cli.tr("error: ", "错误：") : cli.tr("warning: ", "警告："))
              << finding.in(cli.language) << "\n";
  }
  if (read.usable()) {
    std::cout << fmt::format(
                     fmt::runtime(cli.tr("The configuration is valid ({}).", "配置有效（{}）。")),
                     read.config.origin.empty() ? cli.config_path : read.config.origin)
              << "\n";
  }
}

void show(Cli& cli) {
  auto config = cli.load_config();
  if (!config) {
    cli.exit_code = 1;
    return;
  }
  std::cout << show_config(fields_of(*config), cli.language);
}

}  // namespace

void add_config(CLI::App& app, Cli& cli) {
  CLI::App* config =
      add_command(app, cli, "config", {"Check and show the configuration", "检查和显示配置"});
  config->require_subcommand(1);
  auto as_json = std::make_shared<bool>(false);
  CLI::App* check_command = add_command(
      *config, cli, "check", {"List everything that is wrong with it", "列出配置中的所有问题"},
      [&cli, as_json] { check(cli, *as_json); });
  check_command->add_flag("--json", *as_json, cli.tr("As JSON", "输出 JSON"));
  add_command(*config, cli, "show",
              {"Print what is in force, with secrets masked", "显示当前生效的配置（密钥已遮住）"},
              [&cli] { show(cli); });
  add_command(*config, cli, "schema",
              {"Print the JSON Schema of the file", "输出配置文件的 JSON Schema"}, [&cli] {
                Config defaults;
                std::cout << config_schema(fields_of(defaults), cli.language).dump(2) << "\n";
              });
}

}  // namespace ai_bot
