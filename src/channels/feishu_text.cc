#include "channels/feishu_text.h"

#include <fmt/format.h>

#include "channels/feishu.h"
#include "channels/platform.h"
#include "core/json.h"
#include "core/utf8.h"

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

std::string feishu_post(const json& content, const std::string& message_id,
                        std::vector<Attachment>& attachments) {
  std::string text = text_or(content, "title");
  for (const json& line : list_in(content, "content")) {
    if (!line.is_array()) continue;
    if (!text.empty()) text += '\n';
    for (const json& piece : line) {
      if (!piece.is_object()) continue;
      const std::string tag = text_or(piece, "tag");
      if (tag == "a") {
        const std::string label = text_or(piece, "text"), href = text_or(piece, "href");
        text += label.empty() || label == href ? href : fmt::format("{} ({})", label, href);
      } else if (tag == "at") {
        text += text_or(piece, "user_id");
      } else if (tag == "img") {
        attachments.push_back({message_id + "/" + text_or(piece, "image_key"), "", "image", 0});
      } else if (tag == "code_block") {
        text += fmt::format("```{}\n{}\n```", text_or(piece, "language"), text_or(piece, "text"));
      } else {
        text += text_or(piece, "text");
      }
    }
  }
  return text;
}

std::string feishu_names(std::string_view text, const std::map<std::string, std::string>& names) {
  constexpr std::string_view kStart = "@_";
  std::string out;
  for (size_t found; (found = text.find(kStart)) != std::string_view::npos;) {
    out += text.substr(0, found);
    text.remove_prefix(found);
    size_t end = kStart.size();
    while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
    if (end < text.size() && text[end] == '_') ++end;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    const std::string key(text.substr(0, end));
    const auto name = names.find(key);
    out += name == names.end() ? key : name->second;
    text.remove_prefix(end);
  }
  return out.append(text);
}

}  // namespace ai_bot
