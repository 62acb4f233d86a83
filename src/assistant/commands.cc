#include "assistant/commands.h"

#include <algorithm>

#include "core/utf8.h"

namespace ai_bot {
namespace {

struct Name {
  std::string_view name;
  Command command;
};

constexpr Name kNames[] = {
    {"help", Command::kHelp},   {"帮助", Command::kHelp},  {"new", Command::kNew},
    {"reset", Command::kNew},   {"新对话", Command::kNew}, {"重置", Command::kNew},
    {"model", Command::kModel}, {"模型", Command::kModel}, {"status", Command::kStatus},
    {"状态", Command::kStatus}, {"stop", Command::kStop},  {"停止", Command::kStop},
};

constexpr std::string_view kFullWidthSlash = "／";

}  // namespace

std::optional<ParsedCommand> parse_command(std::string_view text) {
  text = trim(text);
  if (text.starts_with('/')) {
    text.remove_prefix(1);
  } else if (text.starts_with(kFullWidthSlash)) {
    text.remove_prefix(kFullWidthSlash.size());
  } else {
    return std::nullopt;
  }
  const size_t end = std::min(text.find_first_of(" \t\r\n"), text.find("\u3000"));
  std::string name(text.substr(0, end));
  if (name.empty() || name.find('/') != std::string::npos) return std::nullopt;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c < 0x80 ? std::tolower(c) : c; });
  ParsedCommand parsed{Command::kUnknown, "", language_of(text)};
  if (end != std::string_view::npos) parsed.argument = trim(text.substr(end));
  for (const Name& known : kNames) {
    if (known.name == name) parsed.command = known.command;
  }
  return parsed;
}

const Text& help_text() {
  static const Text text{
      "/help – this list\n"
      "/new – begin a new conversation\n"
      "/model – show the models; /model NAME chooses one for this conversation\n"
      "/status – how ai_bot is\n"
      "/stop – stop the answer under way",
      "/帮助 (/help) – 显示本列表\n"
      "/新对话 (/new) – 开始新的对话\n"
      "/模型 (/model) – 查看模型；/模型 名称 为本会话选择模型\n"
      "/状态 (/status) – 查看 ai_bot 的状态\n"
      "/停止 (/stop) – 停止正在生成的回答"};
  return text;
}

}  // namespace ai_bot
