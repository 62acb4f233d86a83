// The commands of a chat, in both languages: /help /new /model /status /stop.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/language.h"

namespace ai_bot {

enum class Command { kHelp, kNew, kModel, kStatus, kStop, kUnknown };

struct ParsedCommand {
  Command command;
  std::string argument;  // what stands behind the name
  Language language;     // Chinese when the command or its argument is
};

// A text that begins with '/' (or the full-width '／') and a letter; no value for anything else.
// Names are matched in any case. A path such as /etc/hosts is no command.
std::optional<ParsedCommand> parse_command(std::string_view text);

const Text& help_text();

}  // namespace ai_bot
