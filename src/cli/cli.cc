#include "cli/cli.h"

#include <sodium.h>

#include <iostream>

#include "cli/command.h"
#include "cli/terminal.h"
#include "core/redact.h"

namespace ai_bot {
namespace {

// The language must be known before the help texts are made.
Language language_from(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--lang" && i + 1 < argc)
      return std::string_view(argv[i + 1]) == "zh" ? Language::kChinese : Language::kEnglish;
    if (argument.starts_with("--lang="))
      return argument.substr(7) == "zh" ? Language::kChinese : Language::kEnglish;
  }
  return language_of_environment();
}

void translate(CLI::App& app, const Cli& cli) {
  if (cli.language != Language::kChinese) return;
  auto formatter = std::make_shared<CLI::Formatter>();
  for (const auto& [en, zh] : {std::pair{"Usage", "用法"},
                               {"OPTIONS", "选项"},
                               {"SUBCOMMAND", "命令"},
                               {"SUBCOMMANDS", "命令"},
                               {"Positionals", "参数"},
                               {"REQUIRED", "必填"},
                               {"TEXT", "文本"},
                               {"INT", "整数"},
                               {"Env", "环境变量"}}) {
    formatter->label(en, zh);
  }
  app.formatter(formatter);
}

}  // namespace

std::optional<Config> Cli::load_config() const {
  ReadConfig read = ai_bot::load_config(config_path);
  for (const Finding& finding : read.findings) {
    std::cerr << (finding.is_error ? tr("error: ", "错误：") : tr("warning: ", "警告："))
              << finding.in(language) << "\n";
  }
  if (!read.usable()) return std::nullopt;
  return std::move(read.config);
}

void Cli::fail(const Text& text) {
  std::cerr << tr("error: ", "错误：") << redacted(text.in(language)) << "\n";
  exit_code = 1;
}

CLI::App* add_command(CLI::App& parent, Cli& cli, const char* name, const Text& about,
                      std::function<void()> run) {
  CLI::App* command = parent.add_subcommand(name, about.in(cli.language));
  command->group(cli.tr("Commands", "命令"));
  command->option_defaults()->group(cli.tr("Options", "选项"));
  command->set_help_flag("-h,--help", cli.tr("Show this help", "显示帮助"))
      ->group(cli.tr("Options", "选项"));
  if (run) command->callback(std::move(run));
  return command;
}

int run_cli(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  Cli cli;
  cli.language = language_from(argc, argv);
  CLI::App app(cli.tr("ai_bot: a team's own AI assistant on a small server",
                      "ai_bot：团队自己的 AI 助手，运行在一台小服务器上"),
               "ai_bot");
  translate(app, cli);
  app.option_defaults()->group(cli.tr("Options", "选项"));
  app.set_help_flag("-h,--help", cli.tr("Show this help", "显示帮助"))
      ->group(cli.tr("Options", "选项"));
  app.require_subcommand(1);
  app.fallthrough();
  std::string lang;
  app.add_option(
         "--lang", lang,
         cli.tr("Language of texts: en or zh (default: LANG)", "界面语言：en 或 zh（默认取 LANG）"))
      ->check(CLI::IsMember({"en", "zh"}));
  app.add_option(
      "-c,--config", cli.config_path,
      cli.tr("Configuration file (default: /etc/ai_bot/config.yaml, else the embedded default)",
             "配置文件（默认 /etc/ai_bot/config.yaml，否则用内置默认值）"));
  add_serve(app, cli);
  add_chat(app, cli);
  add_model(app, cli);
  add_channel(app, cli);
  add_status(app, cli);
  add_reload(app, cli);
  add_config(app, cli);
  add_doctor(app, cli);
  add_version(app, cli);
  add_completion(app, cli);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::cerr << cli.tr("error: ", "错误：") << error.what() << "\n"
              << cli.tr("See: ai_bot --help", "用法见：ai_bot --help") << "\n";
    return 2;
  }
  return cli.exit_code;
}

}  // namespace ai_bot
