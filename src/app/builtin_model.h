// The built-in model (models/guide), carried inside the program, so that one file is all there is.
#pragma once

#include <string_view>

namespace ai_bot {

constexpr const char* kBuiltinModelName = "guide-q8_0.gguf";

std::string_view builtin_model_bytes();

}  // namespace ai_bot
