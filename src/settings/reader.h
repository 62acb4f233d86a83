// YAML to Config. Everything is checked at once; each finding names file, line, key and what is
// right.
#pragma once

#include <string>
#include <vector>

#include "config/finding.h"
#include "settings/config.h"

namespace ai_bot {

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
