// What commands answer and change.
#include <fmt/format.h>

#include "assistant/assistant.h"
#include "assistant/commands.h"

namespace ai_bot {

Outcome Assistant::obey(const std::string& lane, const ParsedCommand& command, bool has_stopped) {
  Outcome outcome;
  const Language language = command.language;
  switch (command.command) {
    case Command::kHelp:
      outcome.answer = help_text().in(language);
      break;
    case Command::kNew:
      outcome.answer = Text{"A new conversation begins.", "新的对话开始了。"}.in(language);
      outcome.effect = [lane](Transaction& t) { t.sessions().begin_anew(lane); };
      break;
    case Command::kModel:
      outcome.answer = choose_model(lane, command, outcome.effect);
      break;
    case Command::kStatus:
      outcome.answer = status_text(language);
      break;
    case Command::kStop:
      outcome.answer = has_stopped
                           ? Text{"The answer was stopped.", "已停止回答。"}.in(language)
                           : Text{"No answer is under way.", "没有正在生成的回答。"}.in(language);
      break;
    case Command::kUnknown:
      outcome.answer = Text{"I do not know this command.\n", "未知命令。\n"}.in(language) +
                       help_text().in(language);
      break;
  }
  return outcome;
}

std::string Assistant::choose_model(const std::string& lane, const ParsedCommand& command,
                                    Ledger::Task& effect) const {
  if (command.argument.empty()) {
    return Text{
        fmt::format("Models: {}. /model NAME chooses one.", fmt::join(router_.names(), ", ")),
        fmt::format("可用模型：{}。用 /模型 名称 选择。", fmt::join(router_.names(), "、"))}
        .in(command.language);
  }
  if (const auto chain = router_.chain(command.argument); !chain) {
    return chain.error().text.in(command.language);
  }
  effect = [lane, model = command.argument](Transaction& t) {
    t.sessions().choose_model(lane, model);
  };
  return Text{"This conversation now uses " + command.argument + ".",
              "本会话现在使用 " + command.argument + "。"}
      .in(command.language);
}

std::string Assistant::status_text(Language language) const {
  std::string text = Text{"ai_bot is running.", "ai_bot 正在运行。"}.in(language);
  for (const Router::Member& member : router_.members()) {
    text += fmt::format("\n- {}: {}", member.model->name(), name_of(member.status.state));
    if (member.breaker != Breaker::State::kClosed)
      text += fmt::format(" ({})", name_of(member.breaker));
  }
  const Lanes::Depth depth = lanes_.depth();
  text += Text{fmt::format("\nWaiting: {}, being answered: {}", depth.waiting, depth.running),
               fmt::format("\n等待：{}，回答中：{}", depth.waiting, depth.running)}
              .in(language);
  return text;
}

}  // namespace ai_bot
