#include "models/model.h"

namespace ai_bot {

std::string_view delta_text(const nlohmann::json& chunk) {
  const auto choices = chunk.find("choices");
  if (choices == chunk.end() || !choices->is_array() || choices->empty()) return {};
  const nlohmann::json& choice = choices->front();
  if (!choice.is_object()) return {};
  for (const char* part : {"delta", "message"}) {
    const auto at = choice.find(part);
    if (at == choice.end() || !at->is_object()) continue;
    const auto content = at->find("content");
    if (content != at->end() && content->is_string()) return content->get_ref<const std::string&>();
  }
  return {};
}

namespace {

bool says_something(const nlohmann::json& delta) {
  for (const auto& [name, value] : delta.items()) {
    if (name == "role" || value.is_null()) continue;
    const bool is_text = value.is_string();
    if (is_text ? !value.get_ref<const std::string&>().empty() : !value.empty()) return true;
  }
  return false;
}

}  // namespace

bool has_progress(const nlohmann::json& chunk) {
  const auto choices = chunk.find("choices");
  if (choices == chunk.end() || !choices->is_array()) return false;
  for (const nlohmann::json& choice : *choices) {
    if (!choice.is_object()) continue;
    for (const char* part : {"delta", "message"}) {
      const auto at = choice.find(part);
      if (at != choice.end() && at->is_object() && says_something(*at)) return true;
    }
  }
  return false;
}

const char* name_of(ModelState state) {
  switch (state) {
    case ModelState::kStarting:
      return "starting";
    case ModelState::kReady:
      return "ready";
    case ModelState::kFailing:
      return "failing";
    case ModelState::kStopped:
      return "stopped";
  }
  return "stopped";
}

}  // namespace ai_bot
