#include "channels/feishu_content.h"

#include <fmt/format.h>

#include <initializer_list>

#include "channels/feishu_post.h"
#include "channels/platform.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

const Text kUnknown{"a kind of message I do not know", "未知类型的消息"};

// What there is of it, in brackets; empty when that is nothing.
std::string words_of(const std::string& kind, std::initializer_list<std::string> parts) {
  std::string words;
  for (const std::string& part : parts) {
    if (trim(part).empty()) continue;
    words += (words.empty() ? "" : ", ") + part;
  }
  return words.empty() ? "" : bracketed(kind, words);
}

std::string number_text(const json& content, std::string_view key) {
  const auto found = content.find(key);
  if (found == content.end() || (!found->is_number() && !found->is_string())) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string location(const json& content) {
  const std::string latitude = number_text(content, "latitude");
  const std::string longitude = number_text(content, "longitude");
  return words_of("location",
                  {text_or(content, "name"), latitude.empty() ? "" : latitude + " " + longitude});
}

std::string poll(const json& content) {
  std::string options;
  for (const json& option : list_in(content, "options")) {
    if (option.is_string()) options += (options.empty() ? "" : " / ") + option.get<std::string>();
  }
  return words_of("poll", {text_or(content, "topic"), options});
}

std::string task(const json& content) {
  std::vector<Attachment> none;
  return words_of("task", {feishu_post(object_in(content, "summary"), "", none)});
}

std::string calendar(const json& content) {
  return words_of("event", {text_or(content, "summary")});
}

// "{from_user} invited {to_chatters}": each stands for texts of that name.
std::string system_text(const json& content) {
  std::string text = text_or(content, "template");
  for (const auto& [key, value] : content.items()) {
    std::string names;
    if (value.is_string()) names = value.get<std::string>();
    for (const json& name : value.is_array() ? value : json::array())
      if (name.is_string()) names += (names.empty() ? "" : ", ") + name.get<std::string>();
    if (key != "template") text = replaced(text, fmt::format("{{{}}}", key), names);
  }
  return text;
}

// What becomes of a type in the text, and how it is called when that is nothing.
struct Kind {
  std::string (*text)(const json& content);
  Text name;
};

std::string says_nothing(const json&) { return ""; }

const std::map<std::string_view, Kind> kKinds = {
    {"location", {location, {"a location", "位置"}}},
    {"vote", {poll, {"a poll", "投票"}}},
    {"todo", {task, {"a task", "任务"}}},
    {"share_calendar_event", {calendar, {"an event", "日程"}}},
    {"calendar", {calendar, {"an event", "日程"}}},
    {"general_calendar", {calendar, {"an event", "日程"}}},
    {"video_chat",
     {[](const json& content) { return words_of("meeting", {text_or(content, "topic")}); },
      {"a meeting", "视频会议"}}},
    {"folder",
     {[](const json& content) { return words_of("folder", {text_or(content, "file_name")}); },
      {"a folder", "文件夹"}}},
    {"system", {system_text, {"a notice", "系统消息"}}},
    {"interactive", {feishu_card_text, {"a card", "卡片"}}},
    {"sticker", {says_nothing, {"a sticker", "表情包"}}},
    {"share_chat", {says_nothing, {"a group's card", "群名片"}}},
    {"share_user", {says_nothing, {"a contact's card", "个人名片"}}},
    {"hongbao", {says_nothing, {"a red packet", "红包"}}},
};

// "image": its key; "file", "audio", "media": theirs.
const std::map<std::string_view, const char*> kFiles = {
    {"image", "image"}, {"file", "file"}, {"audio", "audio"}, {"media", "video"}};

// The name an item gives its sender, else a number, the same for all that the sender wrote.
class Senders {
 public:
  std::string name_of(const json& item) {
    const json& sender = object_in(item, "sender");
    std::string name = name_in_text(text_or(sender, "sender_name"));
    if (!name.empty()) return name;
    const auto [known, is_new] = numbers_.try_emplace(text_or(sender, "id"), numbers_.size() + 1);
    return fmt::format("user {}", known->second);
  }

 private:
  std::map<std::string, size_t> numbers_;
};

std::string text_of_item(const json& item) {
  const FeishuContent content =
      read_feishu_content(text_or(item, "msg_type"), text_or(object_in(item, "body"), "content"),
                          text_or(item, "message_id"));
  std::map<std::string, std::string> names = {{"@_all", "@all"}};
  for (const json& mention : list_in(item, "mentions")) {
    if (mention.is_object())
      names[text_or(mention, "key")] = "@" + name_in_text(text_or(mention, "name"));
  }
  std::string text = feishu_names(content.text, names);
  const std::string files = files_in_text(content.attachments);
  if (!files.empty()) text += (text.empty() ? "" : "\n") + files;
  if (text.empty() && !content.unreadable.en.empty()) text = "[" + content.unreadable.en + "]";
  return text;
}

}  // namespace

FeishuContent read_feishu_content(const std::string& type, const std::string& content,
                                  const std::string& message_id) {
  FeishuContent read;
  if (type == "merge_forward") {
    read.text = "[forwarded messages]";
    read.attachments = {{message_id, "", "quote", 0}};
    return read;
  }
  const json fields = parse_json(content);
  if (!fields.is_object()) {
    if (type == "text") read.text = content;
    read.unreadable = kUnknown;
    return read;
  }
  if (type == "text") {
    read.text = text_or(fields, "text");
  } else if (type == "post") {
    read.text = feishu_post(fields, message_id, read.attachments);
  } else if (const auto file = kFiles.find(type); file != kFiles.end()) {
    const std::string key = text_or(fields, type == "image" ? "image_key" : "file_key");
    read.attachments = {{message_id + "/" + key, text_or(fields, "file_name"), file->second, 0}};
  } else {
    const auto kind = kKinds.find(type);
    read.unreadable = kind == kKinds.end() ? kUnknown : kind->second.name;
    if (kind != kKinds.end()) read.text = kind->second.text(fields);
    // Of a kind that is not known, or new: what it says in the usual place.
    if (read.text.empty()) read.text = text_or(fields, "text");
  }
  return read;
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

std::string read_feishu_quoted(const json& data) {
  const json& items = list_in(data, "items");
  Senders senders;
  std::string text;
  for (size_t at = 0; at < items.size(); ++at) {
    const json& item = items[at];
    if (!item.is_object() || flag_or(item, "deleted")) continue;
    const bool is_forward = text_or(item, "msg_type") == "merge_forward";
    if (is_forward && items.size() > 1) continue;  // what it holds stands in the list too
    const std::string said = text_of_item(item);
    if (said.empty()) continue;
    if (!text.empty()) text += '\n';
    text += items.size() == 1 ? said : senders.name_of(item) + ": " + said;
  }
  return text;
}

}  // namespace ai_bot
