#include "channels/telegram_content.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "channels/platform.h"
#include "channels/telegram_text.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// "Message": what Telegram tells of the chat itself. Nobody waits for an answer to that.
constexpr std::array kServices{
    "boost_added",
    "channel_chat_created",
    "chat_background_set",
    "chat_owner_changed",
    "chat_owner_left",
    "chat_shared",
    "checklist_tasks_added",
    "checklist_tasks_done",
    "connected_website",
    "delete_chat_photo",
    "direct_message_price_changed",
    "forum_topic_closed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_completed",
    "giveaway_created",
    "group_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "migrate_to_chat_id",
    "new_chat_photo",
    "new_chat_title",
    "paid_message_price_changed",
    "passport_data",
    "pinned_message",
    "proximity_alert_triggered",
    "refunded_payment",
    "successful_payment",
    "suggested_post_approval_failed",
    "suggested_post_approved",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "supergroup_chat_created",
    "users_shared",
    "video_chat_ended",
    "video_chat_participants_invited",
    "video_chat_scheduled",
    "video_chat_started",
    "web_app_data",
    "write_access_allowed",
};

std::string joined(const std::string& a, const char* between, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + between + b;
}

std::string name_of(const json& user) {
  return joined(text_or(user, "first_name"), " ", text_or(user, "last_name"));
}

std::string written_number(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->dump() : "";
}

// The member `key` of each.
std::string listed(const json& items, const char* key) {
  std::string list;
  for (const json& item : items)
    if (item.is_object()) list = joined(list, " / ", text_or(item, key));
  return list;
}

std::string titled_list(const std::string& title, const std::string& list) {
  return joined(title, ": ", list);
}

std::string place(const json& location) {
  return joined(written_number(location, "latitude"), ",", written_number(location, "longitude"));
}

std::string poll(const json& poll) {
  return joined(text_or(poll, "question"), " ", listed(list_in(poll, "options"), "text"));
}

std::string checklist(const json& checklist) {
  std::string tasks;
  for (const json& task : list_in(checklist, "tasks")) {
    if (!task.is_object()) continue;
    const bool is_done = number_or(task, "completion_date") != 0;
    tasks = joined(tasks, " / ", (is_done ? "✓ " : "") + text_or(task, "text"));
  }
  return titled_list(text_or(checklist, "title"), tasks);
}

std::string gift(const json& given) {
  const json& gift = object_in(given, "gift");
  const std::string what = text_or(object_in(gift, "sticker"), "emoji", text_or(gift, "base_name"));
  return joined(what, " ", text_or(given, "text"));
}

// What is no text and no file, as words in brackets.
std::string things_of(const json& message) {
  std::string all;
  const auto add = [&](const char* key, const char* kind, auto words) {
    if (const json& thing = object_in(message, key); !thing.empty())
      all = joined(all, "\n", bracketed(kind, words(thing)));
  };
  add("sticker", "sticker",
      [](const json& it) { return text_or(it, "emoji", text_or(it, "set_name")); });
  add("venue", "location", [](const json& it) {
    const std::string name = joined(text_or(it, "title"), ", ", text_or(it, "address"));
    return joined(name, " ", place(object_in(it, "location")));
  });
  if (!message.contains("venue")) add("location", "location", place);  // it has a copy
  add("contact", "contact",
      [](const json& it) { return joined(name_of(it), " ", text_or(it, "phone_number")); });
  add("poll", "poll", poll);
  add("dice", "dice", [](const json& it) {
    return joined(text_or(it, "emoji"), " ", written_number(it, "value"));
  });
  add("game", "game",
      [](const json& it) { return titled_list(text_or(it, "title"), text_or(it, "description")); });
  add("checklist", "checklist", checklist);
  add("story", "story", [](const json& it) {
    const json& chat = object_in(it, "chat");
    return text_or(chat, "title", name_of(chat));
  });
  add("invoice", "invoice",
      [](const json& it) { return titled_list(text_or(it, "title"), text_or(it, "description")); });
  for (const char* key : {"gift", "unique_gift"}) add(key, "gift", gift);
  return all;
}

std::vector<Attachment> attachments_of(const json& message) {
  std::vector<Attachment> list;
  const auto add = [&](const json& file, const char* type) {
    if (!text_or(file, "file_id").empty())
      list.push_back({text_or(file, "file_id"), text_or(file, "file_name"), type,
                      number_or(file, "file_size")});
  };
  const auto add_photo = [&](const json& of) {
    if (const json& sizes = list_in(of, "photo"); !sizes.empty() && sizes.back().is_object())
      add(sizes.back(), "image");  // the largest stands last
  };
  const json& animation = object_in(message, "animation");
  if (animation.empty()) add(object_in(message, "document"), "file");  // it is told as both
  add_photo(message);
  for (const char* audio : {"voice", "audio"}) add(object_in(message, audio), "audio");
  for (const char* video : {"video", "video_note"}) add(object_in(message, video), "video");
  add(animation, "video");
  for (const json& paid : list_in(object_in(message, "paid_media"), "paid_media")) {
    if (!paid.is_object()) continue;
    add_photo(paid);
    add(object_in(paid, "video"), "video");
  }
  return list;
}

// "MessageOrigin".
std::string origin_name(const json& origin) {
  for (const char* chat : {"sender_chat", "chat"})
    if (const json& it = object_in(origin, chat); !it.empty()) return text_or(it, "title");
  if (const json& user = object_in(origin, "sender_user"); !user.empty()) return name_of(user);
  return text_or(origin, "sender_user_name");
}

std::string author_of(const json& message) {
  const std::string chat = text_or(object_in(message, "sender_chat"), "title");
  return chat.empty() ? name_of(object_in(message, "from")) : chat;
}

// Another's message with its files. What was marked of it ("quote") stands for all of its words.
void add_quoted(const json& quoted, const std::string& who, const std::string& words,
                Incoming& incoming) {
  const std::string text = joined(words, "\n", things_of(quoted));
  if (!text.empty()) incoming.quotes.push_back({who, text});
  const auto files = attachments_of(quoted);
  incoming.attachments.insert(incoming.attachments.end(), files.begin(), files.end());
}

void add_replied(const json& message, const std::string& bot, Incoming& incoming) {
  const std::string marked = text_or(object_in(message, "quote"), "text");
  const json& replied = object_in(message, "reply_to_message");
  if (!replied.empty() && !answers_topic_only(message)) {
    add_quoted(replied, author_of(replied),
               marked.empty() ? telegram_words(replied, nullptr, bot).text : marked, incoming);
  }
  // A message of another chat.
  if (const json& replied_there = object_in(message, "external_reply"); !replied_there.empty())
    add_quoted(replied_there, origin_name(object_in(replied_there, "origin")), marked, incoming);
}

Text unreadable_kind(const json& message) {
  if (message.contains("paid_media")) return {"paid media", "付费媒体"};
  return {"a kind I do not know", "未知类型"};
}

bool has_text(const json& message) {
  for (const char* key : {"text", "caption"}) {
    const auto at = message.find(key);
    if (at != message.end() && at->is_string()) return true;
  }
  return false;
}

}  // namespace

bool answers_topic_only(const json& message) {
  const json& replied = object_in(message, "reply_to_message");
  if (replied.contains("forum_topic_created")) return true;
  const int64_t topic = number_or(message, "message_thread_id");
  return flag_or(message, "is_topic_message") && topic != 0 &&
         number_or(replied, "message_id") == topic;
}

void read_telegram_content(const json& message, const std::string& words, const std::string& bot,
                           Incoming& incoming) {
  const std::string said = joined(words, "\n", things_of(message));
  incoming.attachments = attachments_of(message);
  if (const json& origin = object_in(message, "forward_origin"); origin.empty()) {
    incoming.text = said;
  } else if (!said.empty()) {
    incoming.quotes.push_back({origin_name(origin), said});
  }
  const bool is_service = std::any_of(kServices.begin(), kServices.end(),
                                      [&](const char* key) { return message.contains(key); });
  const bool has_anything = has_text(message) || !said.empty() || !incoming.attachments.empty();
  if (!has_anything && !is_service) incoming.unreadable = unreadable_kind(message);
  if (!is_service) add_replied(message, bot, incoming);
}

}  // namespace ai_bot
