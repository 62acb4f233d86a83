// The log as the configuration says.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/output.h"
#include "config/reader.h"

namespace ai_bot {

// May be called again with other values. "auto" is text when standard error is a terminal.
void configure_log(const LogConfig& config);

// What a reload found in the file, and what it changed: an entry each.
void log_findings(const std::vector<Finding>& findings);
void log_changes(const std::vector<ChangedKey>& changes);

}  // namespace ai_bot
