// The built-in model (models/guide), carried inside the program, so that one file is all there is.
#pragma once

#include <string>
#include <string_view>

#include "config/data_folder.h"

namespace ai_bot {

// Its file's name, which carries the beginning of its SHA-256: a newer one is another file.
constexpr const char* kBuiltinModelName = "guide-q8_0-" BUILTIN_MODEL_HASH ".gguf";

std::string_view builtin_model_bytes();

// Writes it to the folder's models, unless it is there already; returns its path.
Result<std::string> builtin_model(const DataFolder& folder);

}  // namespace ai_bot
