// What no single field can tell: names that must be unique, fields that need each other.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/reader.h"

namespace ai_bot {

// Fills in the defaults that depend on other fields (data_dir, database.path, models, channels),
// then adds a finding for each contradiction. `lines`: where each key stood in the file.
void complete_and_check(Config& config, const std::map<std::string, int>& lines,
                        std::vector<Finding>& findings);

// Characters of a secret that signs; HMAC-SHA256 wants its key hard to guess (RFC 2104, 3).
constexpr size_t kLeastSecret = 16;

// At most 64 of a-z, 0-9, '-' and '_', beginning with a letter or digit: fit for an address and a
// label.
bool is_plain_name(const std::string& name);

}  // namespace ai_bot
