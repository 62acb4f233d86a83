#include "models/local_models.h"

#include <algorithm>

#include "models/builtin_model.h"

namespace ai_bot {

Result<std::vector<std::unique_ptr<Model>>> LocalModels::make(
    const std::vector<ModelConfig>& configured, const EngineConfig& engine, HttpClient& http) {
  auto sockets = folder_.sockets();
  if (!sockets) return fail(sockets.error());
  std::vector<std::unique_ptr<Model>> made;
  for (ModelConfig model : configured) {
    if (model.type != "local") {
      made.push_back(std::make_unique<RemoteModel>(model, http));
      continue;
    }
    const std::string chosen = models_.empty() ? folder_.active_model() : "";
    auto file = chosen.empty() ? file_of(model) : Result<std::string>(chosen);
    if (!file) return fail(file.error());
    model.path = *file;
    model.model = model.name;
    auto local = std::make_unique<LocalModel>(model, engine, *sockets, http);
    models_.push_back(local.get());
    made.push_back(std::move(local));
  }
  return made;
}

void LocalModels::start() {
  for (LocalModel* model : models_) model->start();
}

void LocalModels::stop(SteadyTime deadline) {
  for (LocalModel* model : models_) model->stop_by(deadline);
  for (LocalModel* model : models_) model->stop();
}

void LocalModels::reload(const std::vector<ModelConfig>& fresh) {
  for (LocalModel* running : models_) {
    const auto same = std::find_if(fresh.begin(), fresh.end(), [&](const ModelConfig& model) {
      return model.type == "local" && model.name == running->name();
    });
    const std::string chosen = running == models_.front() ? folder_.active_model() : "";
    if (chosen.empty() && same == fresh.end()) continue;
    const auto file = chosen.empty() ? file_of(*same) : Result<std::string>(chosen);
    if (file && running->status().detail != *file) running->use(*file);
  }
}

Result<std::string> LocalModels::file_of(const ModelConfig& model) const {
  if (model.path == "builtin") return builtin_model(folder_);
  return model.path;
}

}  // namespace ai_bot
