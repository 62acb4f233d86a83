#include <fmt/format.h>

#include <iostream>

#include "cli/command.h"

namespace ai_bot {
namespace {

// The words that may follow each command: its subcommands and long options.
void collect(const CLI::App& app, const std::string& path, std::string& cases) {
  std::vector<std::string> words;
  for (const CLI::App* sub : app.get_subcommands({})) {
    words.push_back(sub->get_name());
    collect(*sub, path + " " + sub->get_name(), cases);
  }
  for (const CLI::Option* option : app.get_options({})) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  cases += fmt::format("    '{}') words='{}' ;;\n", path, fmt::join(words, " "));
}

std::string bash_script(const CLI::App& app) {
  std::string cases;
  collect(app, "ai_bot", cases);
  return "# bash completion for ai_bot: source <(ai_bot completion bash)\n"
         "_ai_bot() {\n"
         "  local path=ai_bot word words= current=${COMP_WORDS[COMP_CWORD]}\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case $word in -*) ;; *) path=\"$path $word\" ;; esac\n"
         "  done\n"
         "  case $path in\n" +
         cases +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "}\n"
         "complete -F _ai_bot ai_bot\n";
}

}  // namespace

void add_completion(CLI::App& app, Cli& cli) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = add_command(
      app, cli, "completion", {"Print a completion script for a shell", "输出 shell 自动补全脚本"},
      [&app, shell] {
        const bool zsh = *shell == "zsh";
        std::cout << (zsh ? "autoload -U +X bashcompinit && bashcompinit\n" : "")
                  << bash_script(app);
      });
  command->add_option("shell", *shell, cli.tr("bash or zsh", "bash 或 zsh"))
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
}

}  // namespace ai_bot
