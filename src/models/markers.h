// The texts a model's tokenizer reads as control tokens, e.g. <|im_start|>. llama-server reads them
// so wherever they stand in a prompt: in a message they would end it and forge another role.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ai_bot {

class Markers {
 public:
  Markers() = default;
  // GgufInfo::markers.
  explicit Markers(std::vector<std::string> texts);

  // The text with a zero-width space (U+200B) behind the first character of each marker in it: it
  // reads the same, and is plain text to the tokenizer.
  std::string as_plain_text(std::string_view text) const;

  // The same for what of a chat completion request a template may show to the model: names and
  // texts in messages, tools, functions and template arguments. Also for markers that neighbouring
  // parts of a message's content make together, or that are escaped in a tool call's arguments.
  void make_plain(nlohmann::json& request) const;

 private:
  bool begins_at(std::string_view text, size_t at) const;
  bool crosses(std::string_view before, std::string_view after) const;
  void make_value_plain(nlohmann::json& value, int depth) const;
  void make_object_plain(nlohmann::json& object, int depth) const;
  void make_parts_plain(nlohmann::json& parts) const;

  std::vector<std::string> texts_;  // sorted
  size_t longest_ = 0;
};

}  // namespace ai_bot
