// What is wrong in a configuration's file, and where.
#pragma once

#include <string>

#include "core/language.h"

namespace ai_bot {

// Errors keep the configuration from being used; warnings (an unknown key, a part that is not
// active yet) do not: an upgrade or a slip in an unused key must not keep a server down.
struct Finding {
  bool is_error = true;
  std::string file;
  int line = 0;     // from 1; 0 when the finding has no place in the file
  std::string key;  // with dots, e.g. "models[1].base_url"
  Text text;

  // "file:line: key: text"
  std::string in(Language language) const;
};

}  // namespace ai_bot
