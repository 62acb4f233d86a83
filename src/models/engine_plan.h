// How llama-server is called: its command line, with what the configuration leaves open computed
// from the machine, so that a 2 GB server survives.
#pragma once

#include <string>
#include <vector>

#include "models/config.h"
#include "models/gguf.h"

namespace ai_bot {

// Memory this process may use, in bytes: the machine's, or its control group's limit when that is
// lower.
int64_t usable_memory();

struct EnginePlan {
  int threads = 1;
  int parallel = 1;
  int context = 0;               // tokens of one slot
  int64_t prompt_cache = 0;      // bytes
  int64_t estimated_memory = 0;  // bytes of weights and key-value cache
};

// Values given in the configuration are taken as they are.
EnginePlan plan_engine(const EngineConfig& config, const GgufInfo& model, int64_t memory,
                       int processors);

std::vector<std::string> engine_arguments(const std::string& command, const std::string& model_path,
                                          const std::string& alias, const std::string& socket,
                                          const EnginePlan& plan, const EngineConfig& config);

// llama-server, llama-quantize or llama-bench: beside `engine.command` when that is set, otherwise
// in the prefixes script/engine fills (build/engine beside this program, /opt/ai_bot/engine),
// otherwise on PATH.
Result<std::string> find_engine_tool(const EngineConfig& config, const std::string& tool);

}  // namespace ai_bot
