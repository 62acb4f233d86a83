// Durations and sizes as people write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace ai_bot {

// "250ms", "30s", "5m", "8h", "3d"; no value for anything else.
std::optional<Duration> parse_duration(std::string_view text);
std::string to_string(Duration duration);

// "512", "64KiB", "2MiB", "1GiB" (also KB, MB, GB, all powers of 1024).
std::optional<Bytes> parse_bytes(std::string_view text);
std::string to_string(Bytes bytes);

}  // namespace ai_bot
