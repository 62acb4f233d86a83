// The whole configuration: the sections of all rooms.
#pragma once

#include <string>
#include <vector>

#include "assistant/config.h"
#include "channels/config.h"
#include "config/logging.h"
#include "gateway/config.h"
#include "models/config.h"
#include "net/server_config.h"
#include "settings/storage.h"
#include "store/config.h"

namespace ai_bot {

struct Config {
  int64_t config_version = 1;
  std::string data_dir;
  ServerConfig server;
  DatabaseConfig database;
  EngineConfig engine;
  std::vector<ModelConfig> models;
  RouterConfig router;
  AssistantConfig assistant;
  std::vector<ChannelConfig> channels;
  DeliveryConfig delivery;
  StorageConfig storage;
  LogConfig log;

  std::string origin;  // the file it was read from, or "embedded default"; not a field
};

void fields(Visitor& v, Config& c);

}  // namespace ai_bot
