// The built-in model (models/guide), carried inside the program, so that one file is all there is.
#pragma once

#include <string_view>

namespace ai_bot {

// Its file's name, which carries the beginning of its SHA-256: a newer one is another file.
constexpr const char* kBuiltinModelName = "guide-q8_0-" BUILTIN_MODEL_HASH ".gguf";

std::string_view builtin_model_bytes();

// Gives the memory back that reading the bytes took; they can still be read.
void release_builtin_model();

}  // namespace ai_bot
