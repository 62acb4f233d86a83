// Durations and sizes, in the program and as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

// "250ms", "30s", "5m", "8h", "3d"; no value for anything else.
std::optional<Duration> parse_duration(std::string_view text);
std::string to_string(Duration duration);

// "512", "64KiB", "2MiB", "1GiB" (also KB, MB, GB, all powers of 1024).
std::optional<Bytes> parse_bytes(std::string_view text);
std::string to_string(Bytes bytes);

}  // namespace ai_bot
