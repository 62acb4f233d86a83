// What goes out to Telegram, and what the Bot API says to that.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "channels/telegram.h"
#include "channels/telegram_plain.h"
#include "channels/telegram_text.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// Parts of what the Bot API says ("description"), in lower case; its documentation lists none of
// them, its server's and TDLib's sources do.
constexpr std::array kThreadIsGone{
    "message thread not found",
    "topic_closed",
    "topic_deleted",
    "topic_id_invalid",
    "message to be replied not found",
    "message to reply not found",
    "reply message not found",
    "replied message not found",
};
constexpr std::array kCannotParse{
    "can't parse entities",  "can't parse message text", "unsupported start tag",
    "entity_bounds_invalid", "entities_too_long",        "message is too long",
    "message_too_long",
};

template <class List>
bool holds_one_of(const std::string& text, const List& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const char* part) { return text.find(part) != std::string::npos; });
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

// A chat's id, which is a number, or the "@name" of a public one.
json chat_of(const json& address, const Way& way) {
  if (!way.chat.empty()) return std::atoll(way.chat.c_str());
  const auto at = address.find("chat_id");
  return at != address.end() && at->is_string() ? *at : json(number_or(address, "chat_id"));
}

}  // namespace

std::vector<std::string> TelegramChannel::compose(const std::string& answer) const {
  static const Dialect dialect = telegram_html();
  return render_markdown(answer, dialect, parts_of(config_));
}

std::string TelegramChannel::address_for(const std::string& chat) const {
  if (chat.starts_with('@')) return json{{"chat_id", chat}}.dump();
  return json{{"chat_id", std::atoll(chat.c_str())}}.dump();
}

HttpRequest TelegramChannel::render(const Reply& reply, const std::string&, int64_t) const {
  const json address = address_of(reply);
  json body = {{"chat_id", chat_of(address, reply.way)},
               {"text", reply.way.plain ? telegram_plain(reply.text, kLongestText) : reply.text},
               {"link_preview_options", {{"is_disabled", true}}}};
  if (!reply.way.plain) body["parse_mode"] = "HTML";
  if (!reply.draft.empty()) {
    body["message_id"] = plain_number(reply.draft).value_or(0);
    return json_request(config_, "POST", url("editMessageText"), body);
  }
  if (reply.way.outside_thread) return json_request(config_, "POST", url("sendMessage"), body);
  if (const int64_t thread = number_or(address, "message_thread_id"); thread != 0)
    body["message_thread_id"] = thread;
  // The reply names the asker, who is thereby told; a question that was deleted is no obstacle.
  if (const int64_t question = number_or(address, "message_id"); question != 0 && reply.part == 0) {
    body["reply_parameters"] = {{"message_id", question}, {"allow_sending_without_reply", true}};
  }
  return json_request(config_, "POST", url("sendMessage"), body);
}

Delivery TelegramChannel::judge(const HttpReply& response) const {
  const json body = object_of(response.body);
  if (flag_or(body, "ok")) {
    Delivery delivered;
    delivered.message_id = telegram_id(object_in(body, "result"), "message_id");
    return delivered;
  }
  const std::string said = text_or(body, "description"), what = lower(said);
  if (what.find("message is not modified") != std::string::npos) return {};
  Delivery delivery = by_status(response);
  if (!said.empty()) delivery.why = "Telegram: " + said;
  const json& parameters = object_in(body, "parameters");
  // Messages have other numbers in the chat a group has become.
  if (const std::string moved = telegram_id(parameters, "migrate_to_chat_id"); !moved.empty())
    return other_way({.afresh = true, .outside_thread = true, .chat = moved}, delivery.why);
  if (holds_one_of(what, kThreadIsGone)) return other_way({.outside_thread = true}, delivery.why);
  if (holds_one_of(what, kCannotParse)) return other_way({.plain = true}, delivery.why);
  // A token that was revoked, or one that never was any.
  if (const int64_t code = number_or(body, "error_code"); code == 401 || code == 404)
    delivery.outcome = Delivery::Outcome::kRefused;
  if (response.status / 100 == 2)
    delivery = {Delivery::Outcome::kRetry, "Telegram: no answer that can be read", {}};
  if (const auto wait = seconds_in(parameters, "retry_after")) delivery.retry_after = *wait;
  return delivery;
}

std::optional<HttpRequest> TelegramChannel::retract(const Reply& reply, const std::string&) const {
  // Where the draft was made, wherever the answer has gone.
  const json body = {{"chat_id", chat_of(address_of(reply), {})},
                     {"message_id", plain_number(reply.draft).value_or(0)}};
  return json_request(config_, "POST", url("deleteMessage"), body);
}

std::optional<HttpRequest> TelegramChannel::typing(const std::string& address,
                                                   const std::string&) const {
  const json to = object_of(address);
  json body = {{"chat_id", chat_of(to, {})}, {"action", "typing"}};
  if (const int64_t thread = number_or(to, "message_thread_id"); thread != 0)
    body["message_thread_id"] = thread;
  return json_request(config_, "POST", url("sendChatAction"), body);
}

std::vector<HttpRequest> TelegramChannel::introductions(const std::string&) const {
  struct Entry {
    const char* command;
    Text description;
  };
  static const std::array entries{
      Entry{"help", {"what the bot can do", "查看帮助"}},
      Entry{"new", {"begin a new conversation", "开始新的对话"}},
      Entry{"model", {"show or choose the model", "查看或选择模型"}},
      Entry{"status", {"how the bot is", "查看运行状态"}},
      Entry{"stop", {"stop the answer under way", "停止正在生成的回答"}},
  };
  std::vector<HttpRequest> requests;
  for (const Language language : {Language::kEnglish, Language::kChinese}) {
    json body = {{"commands", json::array()}};
    for (const Entry& entry : entries)
      body["commands"].push_back(
          {{"command", entry.command}, {"description", entry.description.in(language)}});
    if (language == Language::kChinese) body["language_code"] = "zh";
    requests.push_back(json_request(config_, "POST", url("setMyCommands"), body));
  }
  return requests;
}

}  // namespace ai_bot
