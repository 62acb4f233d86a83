// The section `database`.
#pragma once

#include <string>

#include "config/fields.h"

namespace ai_bot {

struct DatabaseConfig {
  std::string path;
  int64_t max_pending = 10000;
  int64_t max_batch = 256;
  Bytes min_free_disk = 64_MiB;
  Duration retention = 72h;
  Duration message_retention = 8760h;
};

void fields(Visitor& v, DatabaseConfig& c);

}  // namespace ai_bot
