#include "app/logging.h"

#include <unistd.h>

#include "core/log.h"

namespace ai_bot {

void configure_log(const LogConfig& config) {
  const bool text =
      config.format == "text" || (config.format == "auto" && isatty(STDERR_FILENO) == 1);
  log::set_format(text ? log::Format::kText : log::Format::kJson);
  log::set_level(log::level_named(config.level));
  log::set_message_texts(config.message_text);
}

}  // namespace ai_bot
