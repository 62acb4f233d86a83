// What no single field can tell: defaults that depend on others, and each room's checks of its
// section.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/finding.h"
#include "settings/config.h"

namespace ai_bot {

// Fills in the defaults that depend on other fields (data_dir, database.path, models, channels),
// then adds a finding for each contradiction. `lines`: where each key stood in the file.
void complete_and_check(Config& config, const std::map<std::string, int>& lines,
                        std::vector<Finding>& findings);

}  // namespace ai_bot
