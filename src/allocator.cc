// The program's memory comes from mimalloc, which is linked in place of the C library's: a tenth
// more requests a second for a megabyte (docs/decisions/0009-speed.md).
#include <mimalloc.h>

namespace {

// What is free goes back to the system at once and not after a while: an idle server is small.
const bool kIdleIsSmall = [] {
  mi_option_set(mi_option_decommit_delay, 0);
  return true;
}();

}  // namespace
