#include "channels/telegram.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/incoming.h"
#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

std::string id_text(const json& object, const char* key = "id") {
  const int64_t id = number_or(object, key);
  return id == 0 ? "" : std::to_string(id);
}

std::string entities(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

// Clients make a mention of "@name" and an address of "tg:" by themselves, but not in code. What
// follows the end is not known here.
bool is_live(std::string_view raw, size_t at) {
  const bool last = at + 1 == raw.size();
  if (raw[at] == '@') return (last || is_word(raw[at + 1])) && (at == 0 || !is_word(raw[at - 1]));
  if (raw[at] != ':' || (!last && raw[at + 1] != '/')) return false;
  size_t begin = at;
  while (begin > 0 && is_word(raw[begin - 1])) --begin;
  // What stands before the text is not known either.
  const std::string_view scheme = raw.substr(begin, at - begin);
  for (const std::string_view own : {"tg", "ton", "tonsite"}) {
    if (starts_with_word(scheme, own)) return true;
    if (begin == 0 && scheme.size() < own.size() &&
        starts_with_word(own.substr(own.size() - scheme.size()), scheme))
      return true;
  }
  return false;
}

std::string escaped(std::string_view raw) {
  std::string out;
  for (size_t at = 0; at < raw.size(); ++at) {
    out += raw[at];
    if ((raw[at] == '@' || raw[at] == ':') && is_live(raw, at)) out += kSeam;
  }
  return entities(out);
}

// What Telegram counts: the text that is seen, without tags and entities.
size_t seen_size(std::string_view html) {
  size_t units = 0;
  for (size_t at = 0; at < html.size();) {
    if (html[at] == '<') {
      at = std::min(html.find('>', at), html.size() - 1) + 1;
    } else if (html[at] == '&') {
      at = std::min(html.find(';', at), html.size() - 1) + 1;
      ++units;
    } else {
      units += next_code_point(html, at) > 0xFFFF ? 2 : 1;
    }
  }
  return units;
}

// "HTML style" of the Bot API.
Dialect html() {
  const auto tag = [](const char* name) {
    return [name](const std::string& text) { return fmt::format("<{0}>{1}</{0}>", name, text); };
  };
  Dialect dialect = plain_markdown();
  dialect.escape = escaped;
  dialect.strong = tag("b");
  dialect.emphasis = tag("i");
  dialect.strike = tag("s");
  dialect.code = [](std::string_view raw) { return "<code>" + entities(raw) + "</code>"; };
  dialect.bare_link = nullptr;
  dialect.mail_links = true;
  dialect.link = [](const std::string& text, const std::string& address) {
    return fmt::format("<a href=\"{}\">{}</a>", entities(address), text);
  };
  dialect.heading = [](int, const std::string& text) { return "<b>" + text + "</b>"; };
  dialect.code_block = [](const std::string& language, std::string_view raw) {
    if (language.empty()) return "<pre>" + entities(raw) + "</pre>";
    return fmt::format("<pre><code class=\"language-{}\">{}</code></pre>", language, entities(raw));
  };
  dialect.quote = tag("blockquote");
  dialect.quotes = 1;  // "blockquote entities can't be nested"
  dialect.size = seen_size;
  dialect.most = TelegramChannel::kLongestText;
  return dialect;
}

constexpr int64_t kMostUnits = 1 << 20;  // of a text's offsets; Telegram's texts have 4,096

struct Words {
  std::string text;
  bool mentions_bot = false;
};

// The byte of each UTF-16 unit, and the end.
std::vector<size_t> bytes_of_units(std::string_view text) {
  std::vector<size_t> bytes;
  for (size_t at = 0; at < text.size();) {
    bytes.push_back(at);
    if (const size_t start = at; next_code_point(text, at) > 0xFFFF) bytes.push_back(start);
  }
  bytes.push_back(text.size());
  return bytes;
}

// The text with the bot's mentions removed and hidden links made visible.
Words words_of(const json& message, const Identity* self, const std::string& bot) {
  const bool captioned = !message.contains("text");
  std::string text = text_or(message, captioned ? "caption" : "text");
  const auto entities = message.find(captioned ? "caption_entities" : "entities");
  Words words;
  words.text = text;
  if (entities == message.end() || !entities->is_array()) return words;
  const std::string handle = self != nullptr && !self->name.empty() ? "@" + self->name : "";
  const std::vector<size_t> bytes = bytes_of_units(text);
  const auto byte_of = [&](int64_t unit) {
    return bytes[std::min(static_cast<size_t>(unit), bytes.size() - 1)];
  };
  struct Edit {
    size_t begin, end;
    std::string by;
  };
  std::vector<Edit> edits;
  for (const json& one : *entities) {
    if (!one.is_object()) continue;
    const int64_t offset = number_or(one, "offset"), length = number_or(one, "length");
    if (offset < 0 || length <= 0 || offset > kMostUnits || length > kMostUnits) continue;
    const size_t begin = byte_of(offset), end = byte_of(offset + length);
    const std::string_view inside = std::string_view(text).substr(begin, end - begin);
    const std::string type = text_or(one, "type");
    if ((type == "mention" && !handle.empty() && inside == handle) ||
        (type == "text_mention" && id_text(object_in(one, "user")) == bot)) {
      words.mentions_bot = true;
      edits.push_back({begin, end, ""});
    } else if (type == "bot_command" && !handle.empty() && inside.ends_with(handle)) {
      // Other handles are of another bot's command.
      words.mentions_bot = true;
      edits.push_back({end - handle.size(), end, ""});
    } else if (type == "text_link") {
      edits.push_back({end, end, fmt::format(" ({})", text_or(one, "url"))});
    }
  }
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  words.text.clear();
  size_t done = 0;
  for (const Edit& edit : edits) {
    if (edit.begin < done) continue;  // inside of one that was removed
    words.text.append(text, done, edit.begin - done).append(edit.by);
    done = edit.end;
  }
  words.text.append(text, done);
  return words;
}

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

std::vector<Attachment> attachments_of(const json& message) {
  std::vector<Attachment> list;
  const auto add = [&](const json& file, const char* type) {
    if (!text_or(file, "file_id").empty())
      list.push_back({text_or(file, "file_id"), text_or(file, "file_name"), type,
                      number_or(file, "file_size")});
  };
  add(object_in(message, "document"), "file");
  if (const auto photo = message.find("photo");
      photo != message.end() && photo->is_array() && !photo->empty() && photo->back().is_object())
    add(photo->back(), "image");  // the largest size stands last
  for (const char* audio : {"voice", "audio"}) add(object_in(message, audio), "audio");
  add(object_in(message, "video"), "video");
  return list;
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
  Incoming incoming;
  incoming.event_id = id_text(update, "update_id");
  if (const json& changed = object_in(update, "my_chat_member"); !changed.empty()) {
    const std::string now = text_or(object_in(changed, "new_chat_member"), "status");
    const std::string before = text_or(object_in(changed, "old_chat_member"), "status");
    const auto inside = [](const std::string& status) {
      return status == "member" || status == "administrator";
    };
    if (inside(now) == inside(before)) return ignored("unknown");
    incoming.kind = inside(now) ? Incoming::Kind::kBotAdded : Incoming::Kind::kBotRemoved;
    incoming.chat = id_text(object_in(changed, "chat"));
    incoming.address = {{"chat_id", number_or(object_in(changed, "chat"), "id")}};
    return decide(config_, limits_, std::move(incoming), now_ms);
  }
  const json& message = object_in(update, "message");
  if (message.empty()) return ignored("unknown");
  const json& from = object_in(message, "from");
  const json& chat = object_in(message, "chat");
  incoming.chat = id_text(chat);
  incoming.sender = id_text(from);
  incoming.from_bot = flag_or(from, "is_bot");
  incoming.direct = text_or(chat, "type") == "private";
  if (flag_or(message, "is_topic_message")) incoming.thread = id_text(message, "message_thread_id");
  incoming.address = {{"chat_id", number_or(chat, "id")}};
  if (!incoming.thread.empty())
    incoming.address["message_thread_id"] = number_or(message, "message_thread_id");

  if (const auto members = message.find("new_chat_members");
      members != message.end() && members->is_array()) {
    incoming.from_bot = false;
    incoming.kind = Incoming::Kind::kMemberJoined;
    for (const json& one : *members) {
      if (one.is_object() && id_text(one) == bot_id()) return ignored("joined");  // my_chat_member
    }
    return decide(config_, limits_, std::move(incoming), now_ms);
  }
  if (message.contains("left_chat_member")) return ignored("left");
  const std::string bot = bot_id();
  // Who is mentioned in a group can't be told before the bot knows its handle.
  const bool has_entities = message.contains("entities") || message.contains("caption_entities");
  if (!incoming.direct && has_entities && self == nullptr) {
    return fail(Code::kUnavailable, "the bot's name is not known yet; send it again",
                "尚未获知机器人名称，请稍后重发");
  }
  const Words words = words_of(message, self, bot);
  const json& replied = object_in(message, "reply_to_message");
  incoming.text = words.text == "/start" ? "/help" : words.text;
  incoming.addressed = words.mentions_bot || id_text(object_in(replied, "from")) == bot;
  incoming.attachments = attachments_of(message);
  if (!incoming.direct) incoming.address["message_id"] = number_or(message, "message_id");
  return decide(config_, limits_, std::move(incoming), now_ms);
}

HttpRequest TelegramChannel::poll_request(const std::string& cursor,
                                          std::chrono::seconds wait) const {
  return json_request(config_, "POST", url("getUpdates"),
                      {{"offset", plain_number(cursor).value_or(0)},
                       {"timeout", wait.count()},
                       {"allowed_updates", {"message", "my_chat_member"}}});
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
    next = std::max(next, number_or(update, "update_id") + 1);
  }
  if (next > 0) polled.cursor = std::to_string(next);
  return polled;
}

std::vector<std::string> TelegramChannel::compose(const std::string& answer) const {
  static const Dialect dialect = html();
  return render_markdown(answer, dialect, parts_of(config_));
}

std::string TelegramChannel::address_for(const std::string& chat) const {
  return json{{"chat_id", std::atoll(chat.c_str())}}.dump();
}

HttpRequest TelegramChannel::render(const Reply& reply, const std::string&, int64_t) const {
  const json address = address_of(reply);
  json body = {{"chat_id", number_or(address, "chat_id")},
               {"text", reply.text},
               {"parse_mode", "HTML"},
               {"link_preview_options", {{"is_disabled", true}}}};
  if (!reply.draft.empty()) {
    body["message_id"] = plain_number(reply.draft).value_or(0);
    return json_request(config_, "POST", url("editMessageText"), body);
  }
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
    delivered.message_id = id_text(object_in(body, "result"), "message_id");
    return delivered;
  }
  const std::string why = text_or(body, "description");
  if (why.find("message is not modified") != std::string::npos) return {};
  Delivery delivery = by_status(response);
  if (!why.empty()) delivery.why = "Telegram: " + why;
  if (response.status / 100 == 2)
    delivery = {Delivery::Outcome::kRetry, "Telegram: no answer that can be read", {}};
  if (const auto wait = seconds_in(object_in(body, "parameters"), "retry_after"))
    delivery.retry_after = *wait;
  return delivery;
}

std::optional<HttpRequest> TelegramChannel::identity_request(const std::string&) const {
  return get_request(config_, url("getMe"));
}

Result<Identity> TelegramChannel::read_identity(const HttpReply& response) const {
  const json body = object_of(response.body);
  const json& me = object_in(body, "result");
  if (!flag_or(body, "ok") || id_text(me).empty()) {
    const std::string why =
        text_or(body, "description", fmt::format("HTTP status {}", response.status));
    return fail(Code::kUnauthorized, "bot_token: Telegram answers '" + why + "'",
                "bot_token：Telegram 返回“" + why + "”");
  }
  return Identity{id_text(me), text_or(me, "username")};
}

std::optional<HttpRequest> TelegramChannel::typing(const std::string& address,
                                                   const std::string&) const {
  const json to = object_of(address);
  json body = {{"chat_id", number_or(to, "chat_id")}, {"action", "typing"}};
  if (const int64_t thread = number_or(to, "message_thread_id"); thread != 0)
    body["message_thread_id"] = thread;
  return json_request(config_, "POST", url("sendChatAction"), body);
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
