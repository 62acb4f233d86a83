#include "channels/slack_blocks.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/incoming.h"
#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

std::string escaped(std::string_view raw) {
  return replaced(replaced(replaced(raw, "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

void add_line(std::string& text, const std::string& line) {
  if (line.empty()) return;
  if (!text.empty()) text += '\n';
  text += line;
}

// A text object: mrkdwn, or plain text.
std::string text_object(const json& object) {
  const std::string text = text_or(object, "text");
  return text_or(object, "type") == "mrkdwn" ? text : escaped(text);
}

// An element of a rich text's section.
std::string inline_text(const json& element) {
  const std::string type = text_or(element, "type");
  std::string text = escaped(text_or(element, "text"));
  if (type == "text") return flag_or(object_in(element, "style"), "code") ? "`" + text + "`" : text;
  if (type == "link") {
    const std::string url = escaped(text_or(element, "url"));
    return text.empty() ? "<" + url + ">" : fmt::format("<{}|{}>", url, text);
  }
  if (type == "user") return "<@" + text_or(element, "user_id") + ">";
  if (type == "channel") return "<#" + text_or(element, "channel_id") + ">";
  if (type == "usergroup") return "<!subteam^" + text_or(element, "usergroup_id") + ">";
  if (type == "broadcast") return "<!" + text_or(element, "range") + ">";
  if (type == "emoji") return ":" + text_or(element, "name") + ":";
  if (type == "date") return escaped(text_or(element, "fallback"));
  if (type == "color") return escaped(text_or(element, "value"));
  return text;
}

std::string section_text(const json& section) {
  std::string text;
  for (const json& element : list_in(section, "elements"))
    if (element.is_object()) text += inline_text(element);
  return text;
}

std::string list_text(const json& list) {
  const bool is_ordered = text_or(list, "style") == "ordered";
  const auto indent = static_cast<size_t>(std::clamp<int64_t>(number_or(list, "indent"), 0, 8));
  int64_t number = number_or(list, "offset");
  std::string text;
  for (const json& item : list_in(list, "elements")) {
    if (!item.is_object()) continue;
    const std::string mark = is_ordered ? fmt::format("{}.", ++number) : "•";
    add_line(text, fmt::format("{}{} {}", std::string(2 * indent, ' '), mark, section_text(item)));
  }
  return text;
}

std::string rich_text(const json& block) {
  std::string text;
  for (const json& element : list_in(block, "elements")) {
    if (!element.is_object()) continue;
    const std::string type = text_or(element, "type");
    if (type == "rich_text_list") {
      add_line(text, list_text(element));
    } else if (type == "rich_text_preformatted") {
      add_line(text, "```\n" + section_text(element) + "\n```");
    } else if (type == "rich_text_quote") {
      add_line(text, "> " + replaced(section_text(element), "\n", "\n> "));
    } else {
      add_line(text, section_text(element));
    }
  }
  return text;
}

std::string table_text(const json& block) {
  std::string text;
  for (const json& row : list_in(block, "rows")) {
    if (!row.is_array()) continue;
    std::string line;
    for (const json& cell : row) {
      if (!cell.is_object()) continue;
      if (!line.empty()) line += " | ";
      line += text_or(cell, "type") == "rich_text" ? rich_text(cell) : text_object(cell);
    }
    add_line(text, line);
  }
  return text;
}

std::string block_text(const json& block) {
  const std::string type = text_or(block, "type");
  if (type == "rich_text") return rich_text(block);
  if (type == "table") return table_text(block);
  if (type == "markdown") return escaped(text_or(block, "text"));
  if (type == "image") return escaped(bracketed("image", text_or(block, "alt_text")));
  std::string text = text_object(object_in(block, "text"));
  add_line(text, text_object(object_in(block, "title")));
  for (const char* list : {"fields", "elements"}) {
    for (const json& object : list_in(block, list))
      if (object.is_object()) add_line(text, text_object(object));
  }
  return text;
}

}  // namespace

std::string slack_blocks_text(const json& blocks) {
  std::string text;
  for (const json& block : blocks)
    if (block.is_object()) add_line(text, block_text(block));
  return text;
}

}  // namespace ai_bot
