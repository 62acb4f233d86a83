// One entry that is under way, as it stands in the mapped file: the handler of a crash writes into
// it.
#pragma once

#include "store/under_way.h"

namespace ai_bot {

struct UnderWay::Slot {
  int64_t id;  // 0: free
  Kind kind;
  volatile uint8_t struck;  // its thread crashed
};

}  // namespace ai_bot
