// A YAML file into a configuration.
#pragma once

#include <string>

#include "config/mapping_reader.h"

namespace ai_bot {

// `yaml` may be empty, and may be anything: what can't be read is a finding, and leaves the
// default. `file` is only named in findings.
FileReading read_yaml(const std::string& yaml, const std::string& file, const Fields& config);

}  // namespace ai_bot
