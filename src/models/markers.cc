#include "models/markers.h"

#include <algorithm>

#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr std::string_view kBreak = "\u200B";

// The text of a part of a message's content; null when it is something else.
std::string* text_of(json& part) {
  if (!part.is_object()) return nullptr;
  const auto text = part.find("text");
  return text != part.end() && text->is_string() ? text->get_ptr<std::string*>() : nullptr;
}

}  // namespace

Markers::Markers(std::vector<std::string> texts) : texts_(std::move(texts)) {
  std::sort(texts_.begin(), texts_.end());
  for (const std::string& text : texts_) longest_ = std::max(longest_, text.size());
}

bool Markers::begins_at(std::string_view text, size_t at) const {
  // The range of markers that begin with what was read, narrowed a byte at a time.
  auto low = texts_.begin(), high = texts_.end();
  for (size_t depth = 0; at + depth < text.size(); ++depth) {
    const auto byte = static_cast<unsigned char>(text[at + depth]);
    const auto at_depth = [depth](const std::string& marker) {
      return depth < marker.size() ? static_cast<int>(static_cast<unsigned char>(marker[depth]))
                                   : -1;
    };
    low = std::partition_point(low, high,
                               [&](const std::string& marker) { return at_depth(marker) < byte; });
    high = std::partition_point(
        low, high, [&](const std::string& marker) { return at_depth(marker) == byte; });
    if (low == high) return false;
    if (low->size() == depth + 1) return true;  // the shortest comes first
  }
  return false;
}

std::string Markers::as_plain_text(std::string_view text) const {
  std::string plain;
  size_t copied = 0;
  for (size_t at = 0; at < text.size() && !texts_.empty(); ++at) {
    if (!begins_at(text, at)) continue;
    size_t behind = at;
    next_code_point(text, behind);
    if (behind <= copied) continue;
    plain.append(text.substr(copied, behind - copied)).append(kBreak);
    copied = behind;
  }
  return plain.append(text.substr(copied));
}

bool Markers::crosses(std::string_view before, std::string_view after) const {
  if (longest_ == 0) return false;
  const std::string_view tail =
      before.substr(before.size() - std::min(before.size(), longest_ - 1));
  const std::string joined = std::string(tail).append(after.substr(0, longest_ - 1));
  for (size_t at = 0; at < tail.size(); ++at) {
    if (begins_at(joined, at)) return true;
  }
  return false;
}

void Markers::make_plain(json& request) const {
  if (texts_.empty() || !request.is_object()) return;
  for (const char* member : {"messages", "tools", "functions", "chat_template_kwargs"}) {
    if (const auto at = request.find(member); at != request.end()) make_value_plain(*at, 0);
  }
}

void Markers::make_value_plain(json& value, int depth) const {
  if (depth > kDeepestJson) return;  // parse_json lets nothing deeper in
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    text = as_plain_text(text);
  } else if (value.is_array()) {
    for (json& element : value) make_value_plain(element, depth + 1);
    make_parts_plain(value);
  } else if (value.is_object()) {
    make_object_plain(value, depth);
  }
}

void Markers::make_object_plain(json& object, int depth) const {
  std::vector<std::string> odd_names;
  for (auto& [name, value] : object.items()) {
    if (as_plain_text(name) != name) odd_names.push_back(name);
    make_value_plain(value, depth + 1);
    if (name != "arguments" || !value.is_string()) continue;
    json arguments = parse_json(value.get_ref<const std::string&>());
    if (!arguments.is_object()) continue;
    const json before = arguments;
    make_value_plain(arguments, depth + 1);
    if (arguments != before) value = arguments.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  for (const std::string& name : odd_names) {
    json value = std::move(object[name]);
    object.erase(name);
    object[as_plain_text(name)] = std::move(value);
  }
}

void Markers::make_parts_plain(json& parts) const {
  std::string before;
  for (json& part : parts) {
    std::string* text = text_of(part);
    if (text == nullptr) {
      before.clear();
      continue;
    }
    if (crosses(before, *text)) text->insert(0, kBreak);
    before += *text;
    if (before.size() > longest_) before.erase(0, before.size() - longest_);
  }
}

}  // namespace ai_bot
