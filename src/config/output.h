// A configuration, or any section of it, back to text: what is in force, its JSON Schema, and what
// differs between two of them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/fields.h"

namespace ai_bot {

// YAML with a comment above each key; secrets, also those in addresses, are shown as "********".
// Reading it again gives the same configuration but for the secrets.
std::string show_config(const Fields& config, Language language);

// Every secret in it, and what its addresses hide, is masked from now on (core/redact.h).
void keep_secrets(const Fields& config);

// JSON Schema (draft 2020-12) of the file; `defaults` are of a configuration that nothing was read
// into.
nlohmann::ordered_json config_schema(const Fields& defaults, Language language);

// Keys whose value differs, and what it takes to make each active.
struct ChangedKey {
  std::string key;
  Change change;
};
std::vector<ChangedKey> changed_keys(const Fields& before, const Fields& after);

}  // namespace ai_bot
