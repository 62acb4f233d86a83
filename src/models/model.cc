#include "models/model.h"

namespace ai_bot {

std::string_view delta_text(const nlohmann::json& chunk) {
  const auto choices = chunk.find("choices");
  if (choices == chunk.end() || !choices->is_array() || choices->empty()) return {};
  const nlohmann::json& choice = choices->front();
  for (const char* part : {"delta", "message"}) {
    const auto at = choice.find(part);
    if (at == choice.end() || !at->is_object()) continue;
    const auto content = at->find("content");
    if (content != at->end() && content->is_string()) return content->get_ref<const std::string&>();
  }
  return {};
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
