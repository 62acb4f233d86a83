#include "config/finding.h"

namespace ai_bot {

std::string Finding::in(Language language) const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line);
  if (!key.empty()) out += ": " + key;
  return out + ": " + text.in(language);
}

}  // namespace ai_bot
