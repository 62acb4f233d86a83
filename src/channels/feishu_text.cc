#include "channels/feishu_text.h"

#include "channels/feishu.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// The card's own tags that name people ("Markdown component"), also where code is written. Without
// the attribute that says whom they are somebody's XML.
bool is_mention(std::string_view text, size_t at) {
  if (text[at] != '<') return false;
  const std::string_view rest = text.substr(at + 1);
  for (const std::string_view tag : {"at", "person"}) {
    if (starts_with_word(rest, tag))
      return has_attribute(rest.substr(tag.size()),
                           {"id", "ids", "user_id", "open_id", "union_id", "email"});
  }
  return false;
}

// Whether "&" begins a character reference, which the card would read.
bool is_reference(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (is_word(text[end]) || text[end] == '#')) ++end;
  return end > at + 1 && end < text.size() && text[end] == ';';
}

// Tags of the card's own language must not come from a model.
std::string escaped(std::string_view raw) {
  std::string out;
  for (size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] == '<') {
      out += "&#60;";
    } else if (raw[at] == '>') {
      out += "&#62;";
    } else if (raw[at] == '&' && is_reference(raw, at)) {
      out += "&#38;";
    } else {
      out += raw[at];
    }
  }
  return out;
}

// What JSON makes of it: quotes, line breaks and backslashes take two bytes.
size_t json_size(std::string_view text) {
  size_t size = 0;
  for (const char c : text) {
    if (c == '"' || c == '\\' || (c >= '\b' && c <= '\r' && c != '\v')) {
      size += 2;
    } else {
      size += static_cast<unsigned char>(c) < ' ' ? 6 : 1;
    }
  }
  return size;
}

}  // namespace

Dialect feishu_markdown() {
  Dialect feishu = plain_markdown(is_mention);
  feishu.tables = true;
  feishu.escape = [](std::string_view raw) {
    return guarded_text(escaped(without_backticks(raw)), is_mention);
  };
  feishu.size = json_size;
  feishu.most = FeishuChannel::kLongestText;
  return feishu;
}

json feishu_card(const std::string& markdown) {
  return {{"schema", "2.0"},
          {"config", {{"update_multi", true}}},
          {"body", {{"elements", {{{"tag", "markdown"}, {"content", markdown}}}}}}};
}

}  // namespace ai_bot
