#include "config/logging.h"

#include <unistd.h>

#include "config/table.h"
#include "core/log.h"

namespace ai_bot {

// clang-format off
void fields(Visitor& v, LogConfig& c) {
  v(c.level, {"level", {"Least level that is logged.", "最低日志级别。"}, kReload, 0, 0, {"debug", "info", "warning", "error"}});
  v(c.format, {"format", {"auto: text on a terminal, otherwise JSON.", "auto：终端用文本，否则用 JSON。"}, kReload, 0, 0, {"auto", "text", "json"}});
  v(c.message_text, {"message_text", {"Log the texts of messages too (private!).", "日志中包含消息正文（注意隐私）。"}, kReload});
}
// clang-format on

void configure_log(const LogConfig& config) {
  const bool text =
      config.format == "text" || (config.format == "auto" && isatty(STDERR_FILENO) == 1);
  log::set_format(text ? log::Format::kText : log::Format::kJson);
  log::set_level(log::level_named(config.level));
  log::set_message_texts(config.message_text);
}

void log_findings(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    log::write(finding.is_error ? log::Level::kError : log::Level::kWarning, "config.finding",
               finding.text.en,
               {{"log.origin.file.name", finding.file},
                {"log.origin.file.line", int64_t{finding.line}},
                {"ai_bot.key", finding.key}});
  }
}

void log_changes(const std::vector<ChangedKey>& changes) {
  for (const ChangedKey& changed : changes) {
    log::info(changed.change == Change::kReload ? "config.reloaded" : "config.needs_restart",
              changed.change == Change::kReload ? "a changed value is active now"
                                                : "a changed value needs a restart",
              {{"ai_bot.key", changed.key}});
  }
}

}  // namespace ai_bot
