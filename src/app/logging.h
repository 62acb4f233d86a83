// The log as the configuration says.
#pragma once

#include "config/config.h"

namespace ai_bot {

// May be called again with other values. "auto" is text when standard error is a terminal.
void configure_log(const LogConfig& config);

}  // namespace ai_bot
