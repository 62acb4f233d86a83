// The section `log`, and the log as it says.
#pragma once

#include <string>
#include <vector>

#include "config/finding.h"
#include "config/output.h"

namespace ai_bot {

struct LogConfig {
  std::string level = "info";
  std::string format = "auto";
  bool message_text = false;
};

void fields(Visitor& v, LogConfig& c);

// May be called again with other values. "auto" is text when standard error is a terminal.
void configure_log(const LogConfig& config);

// What a reload found in the file, and what it changed: an entry each.
void log_findings(const std::vector<Finding>& findings);
void log_changes(const std::vector<ChangedKey>& changes);

}  // namespace ai_bot
