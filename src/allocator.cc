// The program's memory comes from mimalloc, which is linked in place of the C library's: a tenth
// more requests a second for a megabyte (docs/decisions/0009-speed.md).
#include <mimalloc.h>

namespace {

#if MI_MALLOC_VERSION >= 210
constexpr mi_option_t kDelayOfGivingBack = mi_option_purge_delay;
#else
constexpr mi_option_t kDelayOfGivingBack = mi_option_decommit_delay;  // its name before 2.1
#endif

// What is free goes back to the system at once and not after a while: an idle server is small.
const bool kIdleIsSmall = [] {
  mi_option_set(kDelayOfGivingBack, 0);
  return true;
}();

}  // namespace
