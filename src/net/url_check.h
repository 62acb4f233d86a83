// Whether a key of the configuration is an address of the web.
#pragma once

#include <string>

#include "config/checks.h"

namespace ai_bot {

// A finding unless it is one, or empty.
void check_url(Checks& check, const std::string& key, const std::string& value);

}  // namespace ai_bot
