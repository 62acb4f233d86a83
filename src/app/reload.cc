// SIGHUP: what a changed configuration changes in a running Server.
#include <algorithm>

#include "app/logging.h"
#include "app/server.h"
#include "config/output.h"
#include "core/log.h"

namespace ai_bot {

void Server::reload() {
  auto fresh = reread_();
  if (!fresh) {
    log::error("config.reload_failed", fresh.error().text.en);
    return;
  }
  for (const ChangedKey& changed : changed_keys(known_, *fresh)) {
    log::info(changed.change == Change::kReload ? "config.reloaded" : "config.needs_restart",
              changed.change == Change::kReload ? "a changed value is active now"
                                                : "a changed value needs a restart",
              {{"ai_bot.key", changed.key}});
  }
  configure_log(fresh->log);
  parts_.assistant->configure(fresh->assistant);
  reload_models(*fresh);
  // A replay may have opened dead letters again; what is in a lane already is done once all the
  // same. Replies first, as at the start.
  deliverer_->resume();
  parts_.assistant->resume();
  connections_->retry_now();
  known_ = std::move(*fresh);
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
