// Where the program is between its start and its end; only ever a later one.
#pragma once

namespace ai_bot {

enum class Phase { kStarting, kServing, kDraining };

}  // namespace ai_bot
