// Foreign JSON: whatever it is, reading it never throws.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/result.h"

namespace ai_bot {

// The text as a value; a discarded one (`is_discarded()`, and neither an object nor an array) when
// it is not JSON, not UTF-8, or nested too deep. Of two members with one name the later counts.
// Half of a surrogate pair ("\ud83d" alone, from a text that was cut in an emoji) becomes U+FFFD.
// Scanned by simdjson, which is several times as fast as nlohmann's own parser
// (docs/decisions/0009-speed.md).
nlohmann::json parse_json(std::string_view text);

// Levels of objects and arrays. Writing a value takes stack for each of them, so that foreign text
// could end the program otherwise.
constexpr int kDeepestJson = 1024;

// The body of a request, which must be an object; kInvalid otherwise, saying what is wrong and near
// which byte.
Result<nlohmann::json> parse_object(std::string_view body);

// The member as a text; `otherwise` when it is missing or something else.
inline std::string text_or(const nlohmann::json& object, std::string_view key,
                           std::string otherwise = "") {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::move(otherwise);
}

// The member as an object; an empty one when it is missing or something else.
inline const nlohmann::json& object_in(const nlohmann::json& object, std::string_view key) {
  static const nlohmann::json none = nlohmann::json::object();
  const auto at = object.find(key);
  return at != object.end() && at->is_object() ? *at : none;
}

inline int64_t number_or(const nlohmann::json& object, std::string_view key,
                         int64_t otherwise = 0) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number_integer() ? at->get<int64_t>() : otherwise;
}

inline bool flag_or(const nlohmann::json& object, std::string_view key, bool otherwise = false) {
  const auto at = object.find(key);
  return at != object.end() && at->is_boolean() ? at->get<bool>() : otherwise;
}

}  // namespace ai_bot
