#include "channels/wecom_content.h"

#include <fmt/format.h>

#include <pugixml.hpp>

#include "channels/bot_mention.h"
#include "channels/platform.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr size_t kLongestKind = 40;  // bytes of a kind's name that is told

Text name_of_kind(const std::string& type) {
  const std::string kind{truncate_utf8(name_in_brackets(type), kLongestKind)};
  return {"a message of the kind '" + kind + "'", "“" + kind + "”类型的消息"};
}

void add_line(std::string& text, std::string_view line) {
  if (trim(line).empty()) return;
  if (!text.empty()) text += '\n';
  text += line;
}

std::string link_of(const std::string& title, const std::string& about, const std::string& url) {
  std::string text = title;
  if (!url.empty()) text += (text.empty() ? "(" : " (") + url + ")";
  add_line(text, about);
  return text;
}

// Its own words, and the files of one message or of what it quotes.
struct Content {
  std::string text;
  std::vector<Attachment> attachments;
};

Content bot_content(const json& message, const std::string& type) {
  Content content;
  if (type == "text" || type == "voice") {  // speech comes recognised
    content.text = text_or(object_in(message, type), "content");
  } else if (type == "image" || type == "file" || type == "video") {
    const json& file = object_in(message, type);
    content.attachments = {
        {text_or(file, "url"), text_or(file, "filename", text_or(file, "name")), type, 0}};
  } else if (type == "mixed") {
    for (const json& item : list_in(object_in(message, "mixed"), "msg_item")) {
      if (!item.is_object()) continue;
      Content part = bot_content(item, text_or(item, "msgtype", "text"));
      add_line(content.text, part.text);
      for (Attachment& a : part.attachments) content.attachments.push_back(std::move(a));
    }
  }
  return content;
}

// Who said it is not told.
void read_quote(const json& message, Incoming& incoming) {
  const json& quote = object_in(message, "quote");
  const std::string type = text_or(quote, "msgtype");
  if (type.empty()) return;
  Content content = bot_content(quote, type);
  for (Attachment& a : content.attachments) {
    add_line(content.text,
             "[" + a.type + ": " + name_in_brackets(a.name.empty() ? a.type : a.name) + "]");
    if (!a.id.empty()) incoming.attachments.push_back(std::move(a));
  }
  if (trim(content.text).empty()) content.text = "[" + std::string(name_of_kind(type).en) + "]";
  incoming.quotes.push_back({"", std::move(content.text)});
}

}  // namespace

std::string read_wecom_app(const std::string& xml, Incoming& incoming) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return "unreadable";
  const pugi::xml_node root = document.child("xml");
  const auto value = [&](const char* name) {
    return std::string(root.child(name).text().as_string());
  };
  incoming.event_id = value("MsgId");
  incoming.sender = incoming.chat = value("FromUserName");
  incoming.direct = true;
  incoming.address = {{"user", incoming.sender}};
  const std::string type = value("MsgType");
  if (type == "event") {
    // enter_agent comes each time somebody opens the app; menus and cards are none of ours.
    if (value("Event") != "subscribe") return "unknown";
    incoming.kind = Incoming::Kind::kBotAdded;
    // Events have no id; a repetition is known by these two.
    incoming.event_id = incoming.sender + ":" + value("CreateTime") + ":subscribe";
  } else if (type == "text") {
    incoming.text = value("Content");
  } else if (type == "voice" && !value("Recognition").empty()) {
    incoming.text = value("Recognition");
  } else if (type == "link") {
    incoming.text = link_of(value("Title"), value("Description"), value("Url"));
  } else if (type == "location") {
    const std::string place = name_in_brackets(value("Label"));
    incoming.text = fmt::format("[location: {}{}{},{}]", place, place.empty() ? "" : " ",
                                value("Location_X"), value("Location_Y"));
  } else if (type == "image" || type == "voice" || type == "video" || type == "shortvideo" ||
             type == "file") {
    const std::string kind = type == "voice" ? "audio" : type == "shortvideo" ? "video" : type;
    incoming.attachments = {{value("MediaId"), value("FileName"), kind, 0}};
  } else if (type.empty()) {
    return "unknown";
  } else {
    incoming.unreadable = name_of_kind(type);
  }
  return "";
}

std::string read_wecom_bot(const json& message, const std::string& bot_name, Incoming& incoming) {
  if (!message.is_object()) return "unreadable";
  const std::string type = text_or(message, "msgtype");
  const std::string chat = text_or(message, "chatid"), chat_type = text_or(message, "chattype");
  incoming.event_id = text_or(message, "msgid");
  incoming.sender = text_or(object_in(message, "from"), "userid");
  incoming.direct = chat_type.empty() ? chat.empty() : chat_type == "single";
  incoming.chat = incoming.direct ? incoming.sender : chat;
  incoming.addressed = true;  // groups send only what mentions the bot
  if (type == "event") {
    // The first visit of a day; a click on a card, an opinion on an answer are none of ours.
    if (text_or(object_in(message, "event"), "eventtype") != "enter_chat") return "unknown";
    incoming.kind = Incoming::Kind::kBotAdded;
    return "";
  }
  if (type.empty() || type == "stream") return "unknown";  // WeCom asks for more of an answer
  Content content = bot_content(message, type);
  incoming.text = incoming.direct ? std::move(content.text) : without_bot(content.text, bot_name);
  incoming.attachments = std::move(content.attachments);
  read_quote(message, incoming);
  if (type != "text") incoming.unreadable = name_of_kind(type);
  return "";
}

}  // namespace ai_bot
