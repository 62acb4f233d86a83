// Channels: names, modes, and the credentials each platform needs.
#pragma once

#include "config/checks.h"

namespace ai_bot {

void check_channels(Checks& check, const Config& config);

}  // namespace ai_bot
