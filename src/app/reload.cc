// What a changed configuration changes in a running Server: SIGHUP, `ai_bot reload`.
#include <algorithm>

#include "app/logging.h"
#include "app/server.h"
#include "core/log.h"

namespace ai_bot {
namespace {

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

}  // namespace

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
  parts_.assistant->configure(fresh.config.assistant);
  reload_models(fresh.config);
  take_up();
  connections_->retry_now();
  known_ = std::move(fresh.config);
  return reloaded;
}

// What a replay has opened again; what is in a lane already is done once all the same. Replies
// first, as at the start.
void Server::take_up() {
  deliverer_->resume();
  parts_.assistant->resume();
}

void Server::use_models() {
  MutexLock lock(reload_mutex_);
  reload_models(known_);
}

// By name: the models of a file may stand in another order than before, and others between them.
void Server::reload_models(const Config& fresh) {
  for (LocalModel* running : local_models_) {
    const auto same =
        std::find_if(fresh.models.begin(), fresh.models.end(), [&](const ModelConfig& model) {
          return model.type == "local" && model.name == running->name();
        });
    const std::string chosen = running == local_models_.front() ? folder_.active_model() : "";
    if (chosen.empty() && same == fresh.models.end()) continue;
    const auto file = chosen.empty() ? model_file(*same) : Result<std::string>(chosen);
    if (file && running->status().detail != *file) running->use(*file);
  }
}

}  // namespace ai_bot
