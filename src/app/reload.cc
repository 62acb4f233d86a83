// What a changed configuration changes in a running Server: SIGHUP, `ai_bot reload`.
#include "app/server.h"
#include "config/logging.h"
#include "core/log.h"

namespace ai_bot {

Reloaded Server::reload() {
  MutexLock lock(reload_mutex_);
  ReadConfig fresh = reread_();
  log_findings(fresh.findings);
  Reloaded reloaded{fresh.usable(), fresh.findings, {}};
  if (!reloaded.is_taken) {
    log::error("config.reload_failed",
               "the configuration has errors (config.finding) and was not reloaded");
    return reloaded;
  }
  reloaded.changed = changed_keys(known_, fresh.config);
  log_changes(reloaded.changed);
  configure_log(fresh.config.log);
  assistant_->configure(fresh.config.assistant);
  local_models_.reload(fresh.config);
  take_up();
  connections_->retry_now();
  known_ = std::move(fresh.config);
  return reloaded;
}

// What a replay has opened again; what is in a lane already is done once all the same. Replies
// first, as at the start.
void Server::take_up() {
  deliverer_->resume();
  assistant_->resume();
}

void Server::use_models() {
  MutexLock lock(reload_mutex_);
  local_models_.reload(known_);
}

}  // namespace ai_bot
