// Everything that can be configured, as plain structures. Each field's meaning, default, limits and
// whether it is reloaded are described once, in fields.h, from where the reader, the JSON Schema,
// `config show` and docs/configuration.md take them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/secret.h"

namespace ai_bot {

using Duration = std::chrono::milliseconds;
using namespace std::chrono_literals;

// A size in bytes, written `64MiB` in the file.
struct Bytes {
  int64_t count = 0;
  bool operator==(const Bytes&) const = default;
};

constexpr Bytes operator""_KiB(unsigned long long n) { return {static_cast<int64_t>(n) << 10}; }
constexpr Bytes operator""_MiB(unsigned long long n) { return {static_cast<int64_t>(n) << 20}; }

struct ServerConfig {
  std::string listen = "127.0.0.1";
  int64_t port = 8080;
  int64_t threads = 1;
  Bytes max_body = 1_MiB;
  Bytes max_header = 16_KiB;
  int64_t max_connections = 1000;
  int64_t max_connections_per_ip = 200;
  int64_t max_answers = 256;
  Bytes max_unsent = 256_KiB;
  Duration header_timeout = 10s;
  Bytes min_rate = 1_KiB;
  Duration write_timeout = 30s;
  Duration idle_timeout = 60s;
  Duration stream_ping = 15s;
  std::vector<std::string> hosts;
  Duration shutdown_grace = 20s;
};

struct DatabaseConfig {
  std::string path;
  int64_t max_pending = 10000;
  int64_t max_batch = 256;
  Bytes min_free_disk = 64_MiB;
  Duration retention = 72h;
  Duration message_retention = 8760h;
};

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

struct AssistantConfig {
  std::string system_prompt;
  int64_t max_parallel_turns = 200;
  int64_t max_answer_tokens = 512;
  Bytes max_answer = 256_KiB;
  int64_t history_messages = 100;
  Bytes max_message = 32_KiB;
  Duration retry_min = 5s;
  Duration retry_max = 5min;
  Duration retry_for = 24h;
};

// When the bot answers in a group.
struct AnswerConfig {
  std::string groups = "mention";
  std::string prefix;
};

struct AllowConfig {
  std::vector<std::string> conversations;
  std::vector<std::string> users;
};

struct ChannelConfig {
  std::string name;
  std::string type = "generic";
  bool is_default = false;
  std::string mode;
  Secret secret;
  std::string callback_url;
  std::string app_id;
  Secret app_secret;
  Secret encrypt_key;
  Secret verification_token;
  std::string client_id;
  Secret client_secret;
  std::string corp_id;
  std::string agent_id;
  Secret token;
  Secret aes_key;
  Secret bot_token;
  Secret signing_secret;
  Secret app_token;
  std::string application_id;
  std::string public_key;
  std::string base_url;
  std::string proxy;
  AnswerConfig answer;
  AllowConfig allow;
  std::string scope = "thread";
  std::string greeting;
  std::string welcome;
  bool stream = true;
  Duration edit_interval = 1500ms;
  Bytes max_file = 256_KiB;
  int64_t max_files = 8;
  int64_t max_parts = 20;
  Duration sync_deadline = 25s;
  Duration tolerance = 5min;
};

struct DeliveryConfig {
  int64_t max_attempts = 12;
  Duration backoff_min = 500ms;
  Duration backoff_max = 5min;
  Duration timeout = 10s;
  int64_t parallel = 32;
};

struct StorageConfig {
  std::string type = "none";
  std::string endpoint;
  std::string bucket;
  std::string region;
  Secret access_key;
  Secret secret_key;
};

struct LogConfig {
  std::string level = "info";
  std::string format = "auto";
  bool message_text = false;
};

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

}  // namespace ai_bot
