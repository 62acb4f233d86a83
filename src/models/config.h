// The sections `models`, `engine` and `router`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/checks.h"
#include "config/fields.h"

namespace ai_bot {

struct EngineConfig {
  std::string command;
  int64_t threads = 0;
  int64_t parallel = 0;
  int64_t context = 0;
  Bytes prompt_cache{0};
  std::vector<std::string> extra_args;
  Duration start_timeout = 120s;
  Duration stop_timeout = 10s;
  Duration drain_timeout = 60s;
  Duration restart_min = 500ms;
  Duration restart_max = 60s;
  int64_t crash_loop_count = 5;
  Duration crash_loop_window = 60s;
};

struct ModelConfig {
  std::string name;
  std::string type = "openai";
  std::string path;
  std::string base_url;
  Secret api_key;
  std::string model;
  std::string proxy;
  int64_t context = 8192;
  std::optional<bool> vision;
  Duration connect_timeout = 5s;
  Duration first_token_timeout = 60s;
  Duration between_tokens_timeout = 30s;
  Duration total_timeout = 300s;
};

struct BreakerConfig {
  int64_t failures = 5;
  Duration window = 60s;
  Duration open_for = 30s;
  int64_t half_open_trials = 1;
};

struct RouterConfig {
  std::string default_tier = "light";
  std::map<std::string, std::vector<std::string>> tiers;
  std::vector<std::string> fallback;
  int64_t retries = 1;
  BreakerConfig breaker;
};

void fields(Visitor& v, EngineConfig& c);
void fields(Visitor& v, ModelConfig& c);
void fields(Visitor& v, BreakerConfig& c);
void fields(Visitor& v, RouterConfig& c);

void check_models(Checks& check, const std::vector<ModelConfig>& models);
void check_router(Checks& check, const RouterConfig& router,
                  const std::vector<ModelConfig>& models);
void check_engine(Checks& check, const EngineConfig& engine);

}  // namespace ai_bot
