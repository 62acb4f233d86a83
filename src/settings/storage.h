// The section `storage`, which is understood and not active yet: the room it belongs to, of objects
// by name, is not built.
#pragma once

#include <string>

#include "config/checks.h"
#include "config/fields.h"

namespace ai_bot {

struct StorageConfig {
  std::string type = "none";
  std::string endpoint;
  std::string bucket;
  std::string region;
  Secret access_key;
  Secret secret_key;
};

void fields(Visitor& v, StorageConfig& c);
void check_storage(Checks& check, const StorageConfig& storage);

}  // namespace ai_bot
