#include "channels/feishu_post.h"

#include <fmt/format.h>

#include "channels/incoming.h"
#include "channels/platform.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// What GET says of a card it can't show as one.
constexpr std::string_view kNotShown = "请升级至最新版本客户端";

constexpr int kDeepestCard = 32;

std::string at_text(const json& piece) {
  std::string id = text_or(piece, "user_id");
  if (id.starts_with("@_")) return id;  // a placeholder
  const std::string name = id == "all" ? id : name_in_text(text_or(piece, "user_name"));
  return "@" + (name.empty() ? id : name);
}

std::string piece_text(const json& piece, const std::string& message_id,
                       std::vector<Attachment>& attachments) {
  const std::string tag = text_or(piece, "tag");
  if (tag == "a") {
    const std::string label = text_or(piece, "text"), href = text_or(piece, "href");
    return label.empty() || label == href ? href : fmt::format("{} ({})", label, href);
  }
  if (tag == "at") return at_text(piece);
  if (tag == "emotion") return "[" + name_in_brackets(text_or(piece, "emoji_type")) + "]";
  if (tag == "hr") return "---";
  if (tag == "code_block")
    return fmt::format("```{}\n{}\n```", text_or(piece, "language"), text_or(piece, "text"));
  if (tag == "img") {
    attachments.push_back({message_id + "/" + text_or(piece, "image_key"), "", "image", 0});
    return "";
  }
  if (tag == "media") {
    attachments.push_back(
        {message_id + "/" + text_or(piece, "file_key"), text_or(piece, "file_name"), "video", 0});
    return "";
  }
  return text_or(piece, "text");
}

// The rich text itself: `content` is that, or holds it by language, perhaps in a "post".
const json& in_a_language(const json& content) {
  if (content.contains("content") || content.contains("title")) return content;
  if (const json& post = object_in(content, "post"); !post.empty()) return in_a_language(post);
  for (const char* language : {"zh_cn", "en_us", "ja_jp"})
    if (const json& post = object_in(content, language); !post.empty()) return post;
  for (const json& post : content)
    if (post.is_object() && post.contains("content")) return post;
  return content;
}

// Every text of a card, in order, each on a line.
void add_texts(const json& node, int depth, std::string& text) {
  if (depth == 0) return;
  if (node.is_array()) {
    for (const json& part : node) add_texts(part, depth - 1, text);
    return;
  }
  if (!node.is_object()) return;
  for (const char* key : {"header", "title", "subtitle", "text", "content", "fields", "columns",
                          "elements", "body", "actions", "options"}) {
    const auto member = node.find(key);
    if (member == node.end()) continue;
    if (member->is_string()) {
      const auto said = member->get<std::string>();
      if (trim(said).empty() || said.starts_with(kNotShown)) continue;
      if (!text.empty()) text += '\n';
      text += said;
    } else {
      add_texts(*member, depth - 1, text);
    }
  }
}

// Without the character references that keep the card from reading it.
std::string without_references(const std::string& markdown) {
  std::string out;
  for (size_t at = 0; at < markdown.size();) {
    size_t end = at + 2;
    int code = 0;
    if (markdown.compare(at, 2, "&#") == 0) {
      while (end < markdown.size() && markdown[end] >= '0' && markdown[end] <= '9' && code < 128)
        code = 10 * code + (markdown[end++] - '0');
    }
    if (code > 0 && code < 128 && end < markdown.size() && markdown[end] == ';') {
      out += static_cast<char>(code);
      at = end + 1;
    } else {
      out += markdown[at++];
    }
  }
  return out;
}

}  // namespace

std::string feishu_post(const json& content, const std::string& message_id,
                        std::vector<Attachment>& attachments) {
  const json& post = in_a_language(content);
  std::string text = text_or(post, "title");
  for (const json& line : list_in(post, "content")) {
    if (!line.is_array()) continue;
    if (!text.empty()) text += '\n';
    for (const json& piece : line)
      if (piece.is_object()) text += piece_text(piece, message_id, attachments);
  }
  return text;
}

std::string feishu_card_text(const json& content) {
  std::string text;
  add_texts(content, kDeepestCard, text);
  return text;
}

json plain_feishu_post(const std::string& markdown, const std::string& user) {
  json line = json::array();
  if (!user.empty()) line.push_back({{"tag", "at"}, {"user_id", user}});
  line.push_back(
      {{"tag", "text"}, {"text", (user.empty() ? "" : " ") + without_references(markdown)}});
  return {{"zh_cn", {{"content", json::array({line})}}}};
}

}  // namespace ai_bot
