// The configuration: any bytes lead to a Config with findings, and a usable one can be shown and
// read again.
#include <cstdlib>

#include "config/output.h"
#include "settings/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string yaml(reinterpret_cast<const char*>(data), size);
  if (yaml.find("file:") != std::string::npos) return 0;  // would read any file of this machine
  ReadConfig read = read_config(yaml, "fuzz.yaml");
  if (!read.usable()) return 0;
  const std::string shown = show_config(fields_of(read.config), Language::kEnglish);
  for (const Finding& finding : read_config(shown, "again.yaml").findings) {
    if (finding.key.find("secret") == std::string::npos && finding.is_error) std::abort();
  }
  return 0;
}
