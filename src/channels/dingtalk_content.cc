#include "channels/dingtalk_content.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/bot_mention.h"
#include "channels/platform.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr int kDeepest = 3;          // records within records
constexpr size_t kLongestKind = 40;  // bytes of a kind's name that is told

struct Content {
  std::string text;
  std::vector<Attachment> attachments;
  std::vector<Quote> quotes;
};

// What stands there; where that is a text, what it is as JSON, since both are seen. What somebody
// wrote is never read as JSON.
json content_in(const json& object, const char* key, std::string_view type) {
  const auto at = object.find(key);
  if (at == object.end()) return nullptr;
  if (!at->is_string() || type == "text") return *at;
  json parsed = parse_json(at->get_ref<const std::string&>());
  if (!parsed.is_object() && !parsed.is_array()) return *at;
  return parsed;
}

std::string first_text(const json& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (std::string text = text_or(object, key); !trim(text).empty()) return text;
  return "";
}

void add_line(std::string& text, std::string_view line) {
  if (trim(line).empty()) return;
  if (!text.empty()) text += '\n';
  text += line;
}

// A card, a link, anything with a title and a text.
std::string words_of(const json& content) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_object()) return "";
  std::string words = first_text(content, {"title"});
  const std::string text = first_text(content, {"text", "markdown", "content", "description"});
  if (text != words) add_line(words, text);
  add_line(words, first_text(content, {"messageUrl", "singleURL", "url"}));
  for (const json& link : list_in(content, "links"))
    if (link.is_object()) add_line(words, first_text(link, {"title", "text"}));
  return words;
}

std::string place_of(const json& content) {
  std::string place = first_text(content, {"title", "name", "address", "label"});
  for (const auto& [x, y] : {std::pair("latitude", "longitude"), std::pair("lat", "lng")}) {
    const auto latitude = content.find(x), longitude = content.find(y);
    if (latitude == content.end() || longitude == content.end()) continue;
    const auto number = [](const json& value) {
      return value.is_string() ? value.get<std::string>() : value.dump();
    };
    place +=
        fmt::format("{}{},{}", place.empty() ? "" : " ", number(*latitude), number(*longitude));
    break;
  }
  return place.empty() ? "" : "[location: " + name_in_brackets(place) + "]";
}

// Mentions of others stay as names; that of the bot, where it is told at all, does not.
void read_pieces(const json& pieces, const std::string& bot, Content& content) {
  bool after_name = false;
  for (const json& piece : pieces) {
    if (!piece.is_object()) continue;
    const std::string type = text_or(piece, "type", text_or(piece, "msgType"));
    std::string text = text_or(piece, "text", text_or(piece, "content"));
    const bool is_name = type == "at";
    if (is_name) {
      text = name_in_text(text_or(piece, "atName", text));
      if (text.empty() || (!bot.empty() && text_or(piece, "atUserId") == bot)) continue;
      if (!text.starts_with('@')) text.insert(0, "@");
    }
    if (after_name && !text.empty() && !trim(text.substr(0, 1)).empty()) content.text += ' ';
    if (!text.empty()) after_name = is_name;
    content.text += text;
    if (std::string code = first_text(piece, {"downloadCode", "pictureDownloadCode"});
        !code.empty())
      content.attachments.push_back({std::move(code), text_or(piece, "fileName"), "image", 0});
  }
}

Content content_of(const std::string& type, const json& given, const std::string& bot, int depth);

// As one text, for what is quoted: "who: what" where it has several speakers.
std::string flat(const Content& content) {
  std::string text = content.text;
  for (const Quote& quote : content.quotes)
    add_line(text, (quote.who.empty() ? "" : quote.who + ": ") + quote.text);
  for (const Attachment& a : content.attachments)
    add_line(text,
             fmt::format("[{}: {}]", a.type, name_in_brackets(a.name.empty() ? a.type : a.name)));
  return text;
}

std::string short_kind(const std::string& type) {
  return std::string(truncate_utf8(name_in_brackets(type), kLongestKind));
}

std::string author_of(const json& entry) {
  return name_in_text(first_text(entry, {"senderNick", "senderName", "sender", "nick"}));
}

void read_entry(const json& entry, const std::string& bot, int depth, Content& record) {
  if (entry.is_string()) record.quotes.push_back({"", entry.get<std::string>()});
  if (!entry.is_object() || depth == 0) return;
  const std::string type = text_or(entry, "msgType", text_or(entry, "msgtype", "text"));
  json said = content_in(entry, "content", type);
  if (said.is_null()) said = entry;
  Content content = content_of(type, said, bot, depth - 1);
  record.quotes.push_back({author_of(entry), flat(content)});
  for (Attachment& a : content.attachments)
    if (!a.id.empty()) record.attachments.push_back(std::move(a));
}

// {"chatRecord": "[{\"senderNick\":…,\"msgType\":…,\"content\":…}, …]", "summary": "[\"who:
// what\"]", "title": …}; the summary holds the first lines, and some clients send nothing else.
Content record_of(const json& given, const std::string& bot, int depth) {
  Content record;
  for (const char* key : {"chatRecord", "records", "messages", "summary"}) {
    if (!record.quotes.empty()) break;
    const json entries = content_in(given, key, "chatRecord");
    if (entries.is_string()) read_entry(entries, bot, depth, record);
    if (entries.is_array())
      for (const json& entry : entries) read_entry(entry, bot, depth, record);
    std::erase_if(record.quotes, [](const Quote& quote) { return trim(quote.text).empty(); });
  }
  const std::string title = text_or(given, "title");
  if (!record.quotes.empty() && !title.empty())
    record.text = "[chat record: " + name_in_brackets(title) + "]";
  return record;
}

Content content_of(const std::string& type, const json& given, const std::string& bot, int depth) {
  Content content;
  if (type == "richText") {
    const json pieces = given.is_object() ? content_in(given, "richText", type) : given;
    if (pieces.is_array()) read_pieces(pieces, bot, content);
    return content;
  }
  if (!given.is_object()) {
    content.text = words_of(given);
    return content;
  }
  if (type == "chatRecord") return record_of(given, bot, depth);
  if (type == "text") {
    content.text = first_text(given, {"content", "text", "message", "body"});
  } else if (type == "location") {
    content.text = place_of(given);
  } else if (type == "audio" && !text_or(given, "recognition").empty()) {
    content.text = text_or(given, "recognition");
  } else if (type == "picture" || type == "audio" || type == "video" || type == "file") {
    content.attachments = {{text_or(given, "downloadCode"), text_or(given, "fileName"),
                            type == "picture" ? "image" : type, 0}};
  } else if (const std::string code = text_or(given, "downloadCode"),
             name = text_or(given, "fileName");
             !code.empty() || !name.empty()) {
    content.attachments = {{code, name, "file", 0}};
  } else {
    content.text = words_of(given);
  }
  return content;
}

// The message it replies to, where a client puts it.
json replied_in(const json& message) {
  for (const json& holder : {object_in(message, "text"), object_in(message, "content"), message}) {
    for (const char* key : {"repliedMsg", "quoteMessage"}) {
      json replied = content_in(holder, key, "");
      if (replied.is_object()) return replied;
    }
  }
  return nullptr;
}

void read_reply(const json& message, const std::string& bot, Incoming& incoming) {
  const json replied = replied_in(message);
  if (!replied.is_object()) return;
  const std::string type = text_or(replied, "msgType", text_or(replied, "msgtype", "text"));
  json given = content_in(replied, "content", type);
  if (given.is_null()) given = object_in(replied, type);
  if (type == "text" && given.is_object() && given.contains("richText"))
    given = content_in(given, "richText", "richText");
  const Content content = content_of(given.is_array() ? "richText" : type, given, bot, kDeepest);
  std::string text = flat(content);
  if (trim(text).empty()) text = "[" + short_kind(type) + "]";
  std::string who = author_of(replied);
  const std::string id = text_or(replied, "senderId");
  if (who.empty() && !id.empty() && id == text_or(message, "senderId"))
    who = name_in_text(text_or(message, "senderNick"));
  incoming.quotes.push_back({who, std::move(text)});
  for (const Attachment& a : content.attachments)
    if (!a.id.empty()) incoming.attachments.push_back(a);
}

Text name_of_kind(const std::string& type) {
  if (type == "interactiveCard" || type == "actionCard" || type == "feedCard")
    return {"a card", "卡片消息"};
  if (type == "chatRecord") return {"a chat record without content", "内容为空的聊天记录"};
  if (type == "location") return {"a location", "位置"};
  if (type == "unknownMsgType")
    return {"a kind DingTalk does not hand on", "钉钉不转给机器人的消息类型"};
  if (type.empty()) return {"a message of an unknown kind", "未知类型的消息"};
  const std::string kind = short_kind(type);
  return {"a message of the kind '" + kind + "'", "“" + kind + "”类型的消息"};
}

}  // namespace

void read_dingtalk_content(const json& message, Incoming& incoming) {
  const std::string type = text_or(message, "msgtype");
  const std::string bot = text_or(message, "chatbotUserId");
  json given = content_in(message, "content", type);
  if (type == "text" || given.is_null()) given = content_in(message, type.c_str(), type);
  Content content = content_of(type, given, bot, kDeepest);
  incoming.text = std::move(content.text);
  incoming.attachments = std::move(content.attachments);
  incoming.quotes = std::move(content.quotes);
  // DingTalk takes the bot's mention away; where a client left it, a command must be one still.
  if (const std::string rest = without_bot(incoming.text, ""); trim(rest).starts_with('/'))
    incoming.text = rest;
  read_reply(message, bot, incoming);
  if (type != "text") incoming.unreadable = name_of_kind(type);
}

}  // namespace ai_bot
