#include "models/child_environment.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace ai_bot {
namespace {

constexpr std::string_view kNames[] = {
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "LANGUAGE", "LD_LIBRARY_PATH", "TZ"};
// Languages, OpenMP's and ggml's tuning, the devices to use.
constexpr std::string_view kPrefixes[] = {"LC_",   "GOMP_", "OMP_",  "KMP_", "GGML_",
                                          "CUDA_", "HIP_",  "ROCR_", "VK_"};

bool is_needed(std::string_view name) {
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames) ||
         std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

std::vector<std::string> child_environment(const char* const* ours) {
  std::vector<std::string> environment;
  bool decided = false;
  for (; *ours != nullptr; ++ours) {
    const std::string_view entry = *ours;
    const std::string_view name = entry.substr(0, entry.find('='));
    if (!is_needed(name)) continue;
    decided |= name == "GOMP_SPINCOUNT" || name == "OMP_WAIT_POLICY";
    environment.emplace_back(entry);
  }
  if (!decided) environment.emplace_back("GOMP_SPINCOUNT=1000");
  return environment;
}

}  // namespace ai_bot
