#include "core/language.h"

#include <cstdlib>

#include "core/utf8.h"

namespace ai_bot {

Language language_of(std::string_view utf8) {
  for (size_t at = 0; at < utf8.size();) {
    if (is_cjk(next_code_point(utf8, at))) return Language::kChinese;
  }
  return Language::kEnglish;
}

Language language_of_environment() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') {
      return std::string_view(value).substr(0, 2) == "zh" ? Language::kChinese : Language::kEnglish;
    }
  }
  return Language::kEnglish;
}

Language language_of_header(std::string_view accept_language) {
  const size_t zh = accept_language.find("zh");
  const size_t en = accept_language.find("en");
  return zh != std::string_view::npos && zh < en ? Language::kChinese : Language::kEnglish;
}

}  // namespace ai_bot
