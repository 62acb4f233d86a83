// The environment of the programs we start: only what they need. Ours holds secrets (the
// configuration's ${MODEL_KEY}), and /proc/PID/environ and core files would show them.
#pragma once

#include <string>
#include <vector>

namespace ai_bot {

// Of `ours` (NAME=VALUE, ends with a null pointer), what a program needs to run, to speak the right
// language and to be tuned by the operator. With GOMP_SPINCOUNT=1000 unless the operator decided
// that himself: libgomp's threads otherwise spin at their barriers as long as there are no more of
// them than processors, and any second busy process makes generation 13 times slower
// (docs/benchmarks.md).
std::vector<std::string> child_environment(const char* const* ours);

}  // namespace ai_bot
