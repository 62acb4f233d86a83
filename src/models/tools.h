// llama-quantize and llama-bench, called as programs.
#pragma once

#include <functional>
#include <string>

#include "core/result.h"
#include "models/config.h"

namespace ai_bot {

struct BenchResult {
  int64_t file_size = 0;       // bytes
  int64_t peak_memory = 0;     // bytes, of the measuring process
  double prompt_rate = 0;      // tokens/s
  double generation_rate = 0;  // tokens/s
};

struct BenchOptions {
  int prompt_tokens = 128;
  int generated_tokens = 32;
  int repetitions = 3;
  int threads = 0;  // 0: one a processor
};

Result<BenchResult> bench_model(const EngineConfig& engine, const std::string& file,
                                const BenchOptions& options);

// Writes `output` in the given type; `on_line` gets the tool's own lines. `output` must not exist.
Result<void> quantize_model(const EngineConfig& engine, const std::string& input,
                            const std::string& output, const std::string& type,
                            const std::function<void(std::string_view)>& on_line);

}  // namespace ai_bot
