// The models of a configuration, and what its local ones have in common: the file each answers
// with, their start and their end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/data_folder.h"
#include "models/engine.h"

namespace ai_bot {

class LocalModels {
 public:
  // The folder outlives it.
  explicit LocalModels(const DataFolder& folder) : folder_(folder) {}

  // All models of the configuration, in its order; the local ones are looked after here as long as
  // the caller keeps them.
  Result<std::vector<std::unique_ptr<Model>>> make(const std::vector<ModelConfig>& configured,
                                                   const EngineConfig& engine, HttpClient& http);

  void start();
  void stop(SteadyTime deadline);

  // Each answers with the file that the configuration, or for the first one `model use`, names now,
  // without a break. By name: in the file they may stand in another order than before, and others
  // between them.
  void reload(const std::vector<ModelConfig>& fresh);

  size_t size() const { return models_.size(); }

 private:
  Result<std::string> file_of(const ModelConfig& model) const;

  const DataFolder& folder_;
  std::vector<LocalModel*> models_;
};

}  // namespace ai_bot
