#include "app/builtin_model.h"

extern "C" {
extern const char ai_bot_builtin_model[];
extern const char ai_bot_builtin_model_end[];
}

namespace ai_bot {

std::string_view builtin_model_bytes() {
  return {ai_bot_builtin_model, static_cast<size_t>(ai_bot_builtin_model_end - ai_bot_builtin_model)};
}

}  // namespace ai_bot
