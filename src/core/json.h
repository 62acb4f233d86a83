// Members of foreign JSON: whatever kind of value stands there, reading it never throws.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace ai_bot {

// The member as a text; `otherwise` when it is missing or something else.
inline std::string text_or(const nlohmann::json& object, const char* key,
                           std::string otherwise = "") {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::move(otherwise);
}

// The member as an object; an empty one when it is missing or something else.
inline const nlohmann::json& object_in(const nlohmann::json& object, const char* key) {
  static const nlohmann::json none = nlohmann::json::object();
  const auto at = object.find(key);
  return at != object.end() && at->is_object() ? *at : none;
}

inline int64_t number_or(const nlohmann::json& object, const char* key, int64_t otherwise = 0) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number_integer() ? at->get<int64_t>() : otherwise;
}

inline bool flag_or(const nlohmann::json& object, const char* key, bool otherwise = false) {
  const auto at = object.find(key);
  return at != object.end() && at->is_boolean() ? at->get<bool>() : otherwise;
}

}  // namespace ai_bot
