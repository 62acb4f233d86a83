#include "settings/live_config.h"

#include "config/logging.h"
#include "core/log.h"

namespace ai_bot {

Reloaded LiveConfig::reload(const Apply& apply) {
  MutexLock lock(mutex_);
  ReadConfig fresh = reread_();
  log_findings(fresh.findings);
  Reloaded reloaded{fresh.usable(), fresh.findings, {}};
  if (!reloaded.is_taken) {
    log::error("config.reload_failed",
               "the configuration has errors (config.finding) and was not reloaded");
    return reloaded;
  }
  reloaded.changed = changed_keys(fields_of(known_), fields_of(fresh.config));
  log_changes(reloaded.changed);
  configure_log(fresh.config.log);
  apply(fresh.config);
  known_ = std::move(fresh.config);
  return reloaded;
}

void LiveConfig::apply_again(const Apply& apply) {
  MutexLock lock(mutex_);
  apply(known_);
}

}  // namespace ai_bot
