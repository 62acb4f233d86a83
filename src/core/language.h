// The two languages a user meets, and texts that exist in both.
#pragma once

#include <string>
#include <string_view>

namespace ai_bot {

enum class Language { kEnglish, kChinese };

// One sentence for a user, in both languages.
struct Text {
  std::string en;
  std::string zh;

  const std::string& in(Language language) const {
    return language == Language::kChinese ? zh : en;
  }
};

// The language a person wrote in: Chinese as soon as one CJK ideograph is there, otherwise English.
Language language_of(std::string_view utf8);

// The language of this process's environment: LC_ALL, LC_MESSAGES, LANG (POSIX order); `zh*` is
// Chinese.
Language language_of_environment();

// The first language an HTTP Accept-Language header prefers (RFC 9110, 12.5.4) of the two.
Language language_of_header(std::string_view accept_language);

}  // namespace ai_bot
