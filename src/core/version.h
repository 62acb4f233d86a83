#pragma once

namespace ai_bot {

constexpr const char* kVersion = "0.1.0";

}  // namespace ai_bot
