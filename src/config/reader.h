// YAML to Config. Everything is checked at once; each finding names file, line, key and what is
// right.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "core/result.h"

namespace ai_bot {

// One finding. Errors keep the configuration from being used; warnings (an unknown key, a part that
// is not active yet) do not: an upgrade or a slip in an unused key must not keep a server down.
struct Finding {
  bool is_error = true;
  std::string file;
  int line = 0;     // from 1; 0 when the finding has no place in the file
  std::string key;  // with dots, e.g. "models[1].base_url"
  Text text;

  // "file:line: key: text"
  std::string in(Language language) const;
};

struct ReadConfig {
  Config config;
  std::vector<Finding> findings;

  bool usable() const;
};

// `yaml` may be empty: that is the embedded default. `file` is only named in findings; secrets
// given as `file:PATH` are read, `${ENV}` is replaced in every text value.
ReadConfig read_config(const std::string& yaml, const std::string& file);

// The configuration by the rules of --config (may be empty): that file, /etc/ai_bot/config.yaml, or
// the embedded default. A file named by --config must exist.
ReadConfig load_config(const std::string& path_given);

}  // namespace ai_bot
