#include "channels/feishu_text.h"

#include "channels/feishu.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// "Card JSON 2.0, table": more in a card are refused (230099, 11310).
constexpr size_t kMostTables = 5;

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

// What it takes in a request, where it is JSON (the card) in JSON.
size_t size_in_request(std::string_view text) {
  size_t size = 0;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      size += 4;
    } else if (c >= '\b' && c <= '\r' && c != '\v') {
      size += 3;
    } else {
      size += static_cast<unsigned char>(c) < ' ' ? 7 : 1;
    }
  }
  return size;
}

// A table has one line of dashes.
size_t tables_in(std::string_view text) {
  constexpr std::string_view kRule = "\n|---|";
  size_t count = 0;
  for (size_t at = 0; (at = text.find(kRule, at)) != std::string_view::npos; ++at) ++count;
  return count;
}

}  // namespace

Dialect feishu_markdown() {
  // "Markdown component": what is only seen is a character reference, tags too.
  Dialect feishu = plain_markdown(is_mention, {.marks = "*_~`\\&<>", .write = as_reference});
  feishu.tables = true;
  feishu.borders = Dialect::Borders::kInside;
  feishu.size = size_in_request;
  feishu.most = FeishuChannel::kLongestText;
  feishu.count = tables_in;
  feishu.most_counted = kMostTables;
  return feishu;
}

json feishu_card(const std::string& markdown) {
  return {{"schema", "2.0"},
          {"config", {{"update_multi", true}}},
          {"body", {{"elements", {{{"tag", "markdown"}, {"content", markdown}}}}}}};
}

}  // namespace ai_bot
