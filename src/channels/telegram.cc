#include "channels/telegram.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/incoming.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "channels/telegram_content.h"
#include "channels/telegram_text.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr int64_t kLastUpdate = int64_t{1} << 52;  // far beyond any there is

// A path below the bot's own files; nothing for one that climbs or is none.
std::optional<std::string> escaped_path(std::string_view path) {
  std::string out;
  for (;;) {
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment.empty() || segment == "." || segment == "..") return std::nullopt;
    out += url_escaped(segment);
    if (segment.size() == path.size()) return out;
    out += '/';
    path.remove_prefix(segment.size() + 1);
  }
}

// What a message's event is called, so that a new version of it can name it.
std::string event_id_of(const json& message, const std::string& chat) {
  const std::string id = telegram_id(message, "message_id");
  return chat.empty() || id.empty() ? "" : chat + "/" + id;
}

// A person may write as a chat: an administrator who stays anonymous as the group, others as their
// channel ("Message", sender_chat). `from` is then an account of Telegram's own, a bot or not.
void read_sender(const json& message, Incoming& incoming) {
  const json& from = object_in(message, "from");
  const std::string chat = telegram_id(object_in(message, "sender_chat"));
  incoming.sender = chat.empty() ? telegram_id(from) : chat;
  incoming.from_bot =
      chat.empty() ? flag_or(from, "is_bot") : flag_or(message, "is_automatic_forward");
}

}  // namespace

TelegramChannel::TelegramChannel(ChannelConfig config, const ChannelLimits& limits)
    : config_(std::move(config)), limits_(limits) {}

// The token is part of the address: that is how the Bot API has it.
std::string TelegramChannel::url(const char* method) const {
  return fmt::format("{}/bot{}/{}", base_of(config_, "https://api.telegram.org"),
                     config_.bot_token.reveal(), method);
}

std::string TelegramChannel::bot_id() const {
  const std::string& token = config_.bot_token.reveal();
  return token.substr(0, token.find(':'));
}

Result<Reading> TelegramChannel::receive(const WebhookRequest& request) const {
  const std::string secret = request.header("X-Telegram-Bot-Api-Secret-Token");
  if (config_.secret.empty() || !equal_in_constant_time(config_.secret.reveal(), secret))
    return refused_signature();
  const auto update = parse_object(request.body);
  if (!update) return fail(update.error());
  return read(*update, request.self.get(), request.now_ms);
}

Result<Reading> TelegramChannel::read(const json& update, const Identity* self,
                                      int64_t now_ms) const {
  if (const json& changed = object_in(update, "my_chat_member"); !changed.empty())
    return read_membership(update, changed, now_ms);
  if (const json& message = object_in(update, "message"); !message.empty())
    return read_message(message, /*is_edit=*/false, self, now_ms);
  if (const json& message = object_in(update, "edited_message"); !message.empty())
    return read_message(message, /*is_edit=*/true, self, now_ms);
  Reading reading = ignored("unknown");
  // A button, which is none of ours, goes on waiting for an answer ("Making requests when getting
  // updates").
  if (const json& pressed = object_in(update, "callback_query"); !pressed.empty()) {
    reading.answer.body =
        json{{"method", "answerCallbackQuery"}, {"callback_query_id", text_or(pressed, "id")}}
            .dump();
  }
  return reading;
}

Reading TelegramChannel::read_membership(const json& update, const json& changed,
                                         int64_t now_ms) const {
  const std::string now = text_or(object_in(changed, "new_chat_member"), "status");
  const std::string before = text_or(object_in(changed, "old_chat_member"), "status");
  const auto inside = [](const std::string& status) {
    return status == "member" || status == "administrator";
  };
  if (inside(now) == inside(before)) return ignored("unknown");
  Incoming incoming;
  incoming.event_id = telegram_id(update, "update_id");
  incoming.kind = inside(now) ? Incoming::Kind::kBotAdded : Incoming::Kind::kBotRemoved;
  incoming.chat = telegram_id(object_in(changed, "chat"));
  incoming.address = {{"chat_id", number_or(object_in(changed, "chat"), "id")}};
  return decide(config_, limits_, std::move(incoming), now_ms);
}

Result<Reading> TelegramChannel::read_message(const json& message, bool is_edit,
                                              const Identity* self, int64_t now_ms) const {
  const json& chat = object_in(message, "chat");
  Incoming incoming;
  incoming.chat = telegram_id(chat);
  incoming.event_id = event_id_of(message, incoming.chat);
  read_sender(message, incoming);
  incoming.direct = text_or(chat, "type") == "private";
  if (flag_or(message, "is_topic_message"))
    incoming.thread = telegram_id(message, "message_thread_id");
  incoming.address = {{"chat_id", number_or(chat, "id")}};
  if (!incoming.thread.empty())
    incoming.address["message_thread_id"] = number_or(message, "message_thread_id");

  const std::string bot = bot_id();
  if (const json& members = list_in(message, "new_chat_members"); !members.empty()) {
    incoming.from_bot = false;
    incoming.kind = Incoming::Kind::kMemberJoined;
    for (const json& one : members) {
      if (one.is_object() && telegram_id(one) == bot) return ignored("joined");  // my_chat_member
    }
    return decide(config_, limits_, std::move(incoming), now_ms);
  }
  if (message.contains("left_chat_member")) return ignored("left");
  // Who is mentioned in a group can't be told before the bot knows its handle.
  const bool has_entities = message.contains("entities") || message.contains("caption_entities");
  if (!incoming.direct && has_entities && self == nullptr) {
    return fail(Code::kUnavailable, "the bot's name is not known yet; send it again",
                "尚未获知机器人名称，请稍后重发");
  }
  const TelegramWords words = telegram_words(message, self, bot);
  if (words.is_anothers_command && !incoming.direct) return ignored("not_addressed");
  const json& replied = object_in(message, "reply_to_message");
  incoming.addressed = words.mentions_bot || (telegram_id(object_in(replied, "from")) == bot &&
                                              !answers_topic_only(message));
  read_telegram_content(message, words.text, bot, incoming);
  // A link to the bot may carry a payload behind the command ("Deep linking").
  if (starts_with_word(incoming.text, "/start")) incoming.text = "/help";
  incoming.album = text_or(message, "media_group_id");
  if (!incoming.direct) incoming.address["message_id"] = number_or(message, "message_id");
  if (is_edit) {
    // What else changes by itself: a live location, a game's score, a checklist that is ticked off.
    if (words.text.empty()) return ignored("unknown");
    mark_as_edit(incoming, words.text);
  }
  return decide(config_, limits_, std::move(incoming), now_ms);
}

HttpRequest TelegramChannel::poll_request(const std::string& cursor,
                                          std::chrono::seconds wait) const {
  return json_request(config_, "POST", url("getUpdates"),
                      {{"offset", plain_number(cursor).value_or(0)},
                       {"timeout", wait.count()},
                       {"allowed_updates", {"message", "edited_message", "my_chat_member"}}});
}

Result<Polled> TelegramChannel::read_poll(const HttpReply& response, const Identity* self,
                                          int64_t now_ms) const {
  const json body = object_of(response.body);
  const auto updates = body.find("result");
  if (!flag_or(body, "ok") || updates == body.end() || !updates->is_array()) {
    const std::string why =
        text_or(body, "description", fmt::format("HTTP status {}", response.status));
    // 401 and 404: the token is wrong or was revoked, if it is Telegram who says so; what stands in
    // between (a proxy, a captive portal) answers in HTML.
    const bool refused = (response.status == 401 || response.status == 404) &&
                         number_or(body, "error_code") == response.status;
    return fail(refused ? Code::kUnauthorized : Code::kUnavailable,
                "Telegram answers getUpdates with '" + why + "'" +
                    (refused ? ": ask BotFather for the bot_token (/token)" : ""),
                "Telegram 对 getUpdates 返回“" + why + "”" +
                    (refused ? "：请向 BotFather 获取 bot_token（/token）" : ""));
  }
  Polled polled;
  int64_t next = 0;
  for (const json& update : *updates) {
    if (!update.is_object()) continue;
    auto reading = read(update, self, now_ms);
    // What can be read soon comes again; what never can must not keep the others away.
    if (!reading && reading.error().code == Code::kUnavailable) return fail(reading.error());
    polled.readings.push_back(reading ? std::move(*reading) : ignored("unreadable"));
    next = std::max(next, std::min(number_or(update, "update_id"), kLastUpdate) + 1);
  }
  if (next > 0) polled.cursor = std::to_string(next);
  return polled;
}

std::optional<HttpRequest> TelegramChannel::identity_request(const std::string&) const {
  return get_request(config_, url("getMe"));
}

Result<Identity> TelegramChannel::read_identity(const HttpReply& response) const {
  const json body = object_of(response.body);
  const json& me = object_in(body, "result");
  if (!flag_or(body, "ok") || telegram_id(me).empty()) {
    const std::string why =
        text_or(body, "description", fmt::format("HTTP status {}", response.status));
    return fail(Code::kUnauthorized, "bot_token: Telegram answers '" + why + "'",
                "bot_token：Telegram 返回“" + why + "”");
  }
  return Identity{telegram_id(me), text_or(me, "username")};
}

std::optional<HttpRequest> TelegramChannel::download(const Attachment& attachment,
                                                     const std::string&) const {
  return json_request(config_, "POST", url("getFile"), {{"file_id", attachment.id}});
}

std::optional<HttpRequest> TelegramChannel::download_from(const HttpReply& response) const {
  const json body = object_of(response.body);
  const auto path = escaped_path(text_or(object_in(body, "result"), "file_path"));
  if (!path) return std::nullopt;
  return get_request(config_,
                     fmt::format("{}/file/bot{}/{}", base_of(config_, "https://api.telegram.org"),
                                 config_.bot_token.reveal(), *path));
}

std::vector<Probe> TelegramChannel::probes(const std::string&) const {
  const auto identity = [this](const HttpReply& response) -> std::optional<Text> {
    if (const auto me = read_identity(response); !me) {
      return Text{me.error().text.en + "; ask BotFather for the token (/token)",
                  me.error().text.zh + "；请向 BotFather 获取 token（/token）"};
    }
    return std::nullopt;
  };
  const bool connect = config_.mode == "connect";
  const auto webhook = [connect](const HttpReply& response) -> std::optional<Text> {
    const json body = object_of(response.body);
    const json& info = object_in(body, "result");
    const std::string url = text_or(info, "url");
    if (connect && !url.empty())
      return Text{"a webhook is set, so getUpdates is refused: remove it with deleteWebhook",
                  "已设置 webhook，无法使用 getUpdates：请用 deleteWebhook 移除"};
    if (!connect && url.empty())
      return Text{"no webhook is set: give Telegram the address with setWebhook",
                  "尚未设置 webhook：请用 setWebhook 设置地址"};
    if (const std::string error = text_or(info, "last_error_message"); !connect && !error.empty())
      return Text{"Telegram could not deliver to the webhook: " + error,
                  "Telegram 无法投递到 webhook：" + error};
    return std::nullopt;
  };
  return {{get_request(config_, url("getMe")), identity},
          {get_request(config_, url("getWebhookInfo")), webhook}};
}

}  // namespace ai_bot
