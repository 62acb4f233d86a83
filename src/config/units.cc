#include "config/units.h"

#include <charconv>
#include <limits>
#include <span>

namespace ai_bot {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

// Larger units first: to_string takes the first that divides.
constexpr Unit kDurations[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr Unit kSizes[] = {{"GiB", 1LL << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1},
                           {"GB", 1LL << 30},  {"MB", 1 << 20},  {"KB", 1 << 10},  {"B", 1}};

std::optional<int64_t> parse(std::string_view text, std::span<const Unit> units) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > std::numeric_limits<int64_t>::max() / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

std::string print(int64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value % unit.factor == 0 && value != 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return "0" + std::string(units.back().name);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto value = parse(text, kDurations);
  return value ? std::optional(Duration(*value)) : std::nullopt;
}

std::string to_string(Duration duration) { return print(duration.count(), kDurations); }

std::optional<Bytes> parse_bytes(std::string_view text) {
  const auto value = parse(text, kSizes);
  return value ? std::optional(Bytes{*value}) : std::nullopt;
}

std::string to_string(Bytes bytes) { return print(bytes.count, kSizes); }

}  // namespace ai_bot
