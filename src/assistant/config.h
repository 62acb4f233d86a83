// The section `assistant`.
#pragma once

#include <string>

#include "config/checks.h"
#include "config/fields.h"

namespace ai_bot {

struct AssistantConfig {
  std::string system_prompt;
  int64_t max_parallel_turns = 200;
  int64_t max_answer_tokens = 512;
  Bytes max_answer = 256_KiB;
  int64_t history_messages = 100;
  Bytes max_message = 32_KiB;
  Bytes image_memory = 64_MiB;
  Duration retry_min = 5s;
  Duration retry_max = 5min;
  Duration retry_for = 24h;
};

void fields(Visitor& v, AssistantConfig& c);

void check_assistant(Checks& check, const AssistantConfig& config);

}  // namespace ai_bot
