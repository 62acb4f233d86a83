#include "channels/feishu.h"

#include <fmt/format.h>

#include <map>

#include "channels/feishu_socket.h"
#include "channels/incoming.h"
#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr size_t kAesBlock = 16;

// Codes of the open platform ("Server-side error codes").
constexpr int64_t kTokenInvalid = 99991663, kTokenMissing = 99991661, kAppTokenInvalid = 99991664;
constexpr int64_t kTooFrequent = 99991400, kChatTooFrequent = 230020, kSystemBusy = 230049;

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

// Whether "&" begins a character reference, which the card would read.
bool is_reference(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (is_word(text[end]) || text[end] == '#')) ++end;
  return end > at + 1 && end < text.size() && text[end] == ';';
}

// Tags of the card's own language must not come from a model.
std::string escaped(std::string_view raw) {
  std::string out;
  for (size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] == '<') {
      out += "&#60;";
    } else if (raw[at] == '>') {
      out += "&#62;";
    } else if (raw[at] == '&' && is_reference(raw, at)) {
      out += "&#38;";
    } else {
      out += raw[at];
    }
  }
  return out;
}

// What JSON makes of it: quotes, line breaks and backslashes take two bytes.
size_t json_size(std::string_view text) {
  size_t size = 0;
  for (const char c : text) {
    if (c == '"' || c == '\\' || (c >= '\b' && c <= '\r' && c != '\v')) {
      size += 2;
    } else {
      size += static_cast<unsigned char>(c) < ' ' ? 6 : 1;
    }
  }
  return size;
}

std::optional<std::string> decrypted(const std::string& aes_key, const std::string& text) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() <= kAesBlock) return std::nullopt;
  const std::string_view all(*bytes);
  auto plain = decrypt_aes256_cbc(aes_key, all.substr(0, kAesBlock), all.substr(kAesBlock));
  return plain ? without_pkcs7(std::move(*plain), kAesBlock) : std::nullopt;
}

// A rich text: lines of tagged pieces ("Message content", post).
std::string text_of_post(const json& content, const std::string& message_id,
                         std::vector<Attachment>& attachments) {
  std::string text = text_or(content, "title");
  const auto lines = content.find("content");
  if (lines == content.end() || !lines->is_array()) return text;
  for (const json& line : *lines) {
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

// The names of people for their placeholders ("@_user_1"), in one pass, so that a name is never
// read as a placeholder.
std::string with_names(std::string_view text, const std::map<std::string, std::string>& names) {
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

json card(const std::string& markdown) {
  return {{"schema", "2.0"},
          {"config", {{"update_multi", true}}},
          {"body", {{"elements", {{{"tag", "markdown"}, {"content", markdown}}}}}}};
}

Text credentials_text(const json& body, const HttpReply& response) {
  const std::string why = text_or(body, "msg", fmt::format("HTTP status {}", response.status));
  return {"app_id or app_secret: Feishu answers '" + why +
              "'; both stand under Credentials & Basic Info of the app",
          "app_id 或 app_secret：飞书返回“" + why + "”；两者见应用的“凭证与基础信息”"};
}

}  // namespace

FeishuChannel::FeishuChannel(ChannelConfig config, const ChannelLimits& limits)
    : config_(std::move(config)), limits_(limits), aes_key_(sha256(config_.encrypt_key.reveal())) {}

std::string FeishuChannel::url(const std::string& path) const {
  return base_of(config_, "https://open.feishu.cn") + "/open-apis" + path;
}

bool FeishuChannel::is_signed(const WebhookRequest& request) const {
  const std::string timestamp = request.header("X-Lark-Request-Timestamp");
  const auto seconds = plain_number(timestamp);
  if (!seconds) return false;
  const std::string nonce = request.header("X-Lark-Request-Nonce");
  const std::string& key = config_.encrypt_key.reveal();
  std::string message;
  message.reserve(timestamp.size() + nonce.size() + key.size() + request.body.size());
  message.append(timestamp).append(nonce).append(key).append(request.body);
  if (!equal_in_constant_time(to_hex(sha256(message)), request.header("X-Lark-Signature")))
    return false;
  return std::abs(request.now_ms - *seconds * 1000) <= config_.tolerance.count();
}

Result<Reading> FeishuChannel::receive(const WebhookRequest& request) const {
  json payload = parse_json(request.body);
  if (!payload.is_object()) return refused_signature();
  const bool encrypted = !config_.encrypt_key.empty();
  if (encrypted) {
    const auto plain = decrypted(aes_key_.reveal(), text_or(payload, "encrypt"));
    if (!plain) return refused_signature();
    payload = parse_json(*plain);
    if (!payload.is_object()) {
      if (is_signed(request)) return ignored("unreadable");
      return refused_signature();
    }
  }
  const bool verifying = text_or(payload, "type") == "url_verification";
  const std::string token =
      verifying ? text_or(payload, "token") : text_or(object_in(payload, "header"), "token");
  const std::string& expected = config_.verification_token.reveal();
  if (!expected.empty() && !equal_in_constant_time(expected, token)) return refused_signature();
  if (!encrypted && expected.empty()) return refused_signature();
  if (verifying) {
    // Comes before the platform signs anything; the key or the token made it certain.
    return handshake(
        {200, "application/json", json{{"challenge", text_or(payload, "challenge")}}.dump()});
  }
  if (encrypted && !is_signed(request)) return refused_signature();
  return read(payload, request.self.get(), request.now_ms);
}

Result<Reading> FeishuChannel::read(const json& payload, const Identity* self,
                                    int64_t now_ms) const {
  const json& header = object_in(payload, "header");
  const json& event = object_in(payload, "event");
  const std::string type = text_or(header, "event_type");
  if (type == "im.message.receive_v1") return read_message(event, self, now_ms);
  using Kind = Incoming::Kind;
  Incoming incoming;
  if (type == "im.chat.member.bot.added_v1") {
    incoming.kind = Kind::kBotAdded;
  } else if (type == "im.chat.member.bot.deleted_v1") {
    incoming.kind = Kind::kBotRemoved;
  } else if (type == "im.chat.member.user.added_v1") {
    incoming.kind = Kind::kMemberJoined;
  } else if (type == "im.chat.member.user.deleted_v1" ||
             type == "im.chat.member.user.withdrawn_v1") {
    incoming.kind = Kind::kMemberLeft;
  } else {
    return ignored("unknown");
  }
  incoming.event_id = text_or(header, "event_id");
  incoming.chat = text_or(event, "chat_id");
  incoming.address = {{"chat_id", incoming.chat}};
  return decide(config_, limits_, std::move(incoming), now_ms);
}

Result<Reading> FeishuChannel::read_message(const json& event, const Identity* self,
                                            int64_t now_ms) const {
  const json& message = object_in(event, "message");
  const json& sender = object_in(event, "sender");
  const std::string id = text_or(message, "message_id");
  Incoming incoming;
  incoming.event_id = id;
  incoming.chat = text_or(message, "chat_id");
  incoming.thread = text_or(message, "thread_id");
  incoming.sender = text_or(object_in(sender, "sender_id"), "open_id");
  incoming.from_bot = text_or(sender, "sender_type") != "user";
  incoming.direct = text_or(message, "chat_type") == "p2p";
  incoming.address = {{"chat_id", incoming.chat}};

  const std::string type = text_or(message, "message_type");
  const json content = parse_json(text_or(message, "content"));
  if (!content.is_object()) return ignored("unreadable");
  if (type == "text") {
    incoming.text = text_or(content, "text");
  } else if (type == "post") {
    incoming.text = text_of_post(content, id, incoming.attachments);
  } else if (type == "image") {
    incoming.attachments = {{id + "/" + text_or(content, "image_key"), "", "image", 0}};
  } else if (type == "file" || type == "audio" || type == "media") {
    incoming.attachments = {{id + "/" + text_or(content, "file_key"), text_or(content, "file_name"),
                             type == "media" ? "video" : type, 0}};
  } else {
    return ignored("unknown");
  }

  std::map<std::string, std::string> names = {{"@_all", "@all"}};
  const auto mentions = message.find("mentions");
  if (mentions != message.end() && mentions->is_array() && !mentions->empty()) {
    if (!incoming.direct && self == nullptr) {
      return fail(Code::kUnavailable, "the bot's open_id is not known yet; send it again",
                  "尚未获知机器人的 open_id，请稍后重发");
    }
    for (const json& mention : *mentions) {
      if (!mention.is_object()) continue;
      const std::string who = text_or(object_in(mention, "id"), "open_id");
      const bool bot = self != nullptr && who == self->id;
      if (bot) incoming.addressed = true;
      names[text_or(mention, "key")] = bot ? "" : "@" + name_in_text(text_or(mention, "name"));
    }
  }
  incoming.text = with_names(incoming.text, names);
  if (!incoming.direct) {
    incoming.address["message_id"] = id;
    incoming.address["user"] = incoming.sender;
    if (!incoming.thread.empty()) incoming.address["thread"] = true;
  }
  return decide(config_, limits_, std::move(incoming), now_ms);
}

std::vector<std::string> FeishuChannel::compose(const std::string& answer) const {
  static const Dialect dialect = [] {
    Dialect feishu = plain_markdown(is_mention);
    feishu.tables = true;
    feishu.escape = [](std::string_view raw) {
      return guarded_text(escaped(without_backticks(raw)), is_mention);
    };
    feishu.size = json_size;
    feishu.most = kLongestText;
    return feishu;
  }();
  return render_markdown(answer, dialect, parts_of(config_));
}

std::string FeishuChannel::address_for(const std::string& chat) const {
  return json{{"chat_id", chat}}.dump();
}

HttpRequest FeishuChannel::render(const Reply& reply, const std::string& token, int64_t) const {
  const json address = address_of(reply);
  const std::string authorization = "Bearer " + token;
  std::string text = reply.text;
  if (const std::string user = text_or(address, "user"); !user.empty() && reply.part == 0)
    text = fmt::format("<at id={}></at> {}", user, text);
  const std::string content = card(text).dump(-1, ' ', false, json::error_handler_t::replace);
  if (!reply.draft.empty()) {
    return json_request(config_, "PATCH", url("/im/v1/messages/" + url_escaped(reply.draft)),
                        {{"content", content}}, authorization);
  }
  json body = {{"msg_type", "interactive"}, {"content", content}, {"uuid", reply.idempotency_key}};
  if (const std::string question = text_or(address, "message_id"); !question.empty()) {
    if (flag_or(address, "thread")) body["reply_in_thread"] = true;
    return json_request(config_, "POST", url("/im/v1/messages/" + url_escaped(question) + "/reply"),
                        body, authorization);
  }
  body["receive_id"] = text_or(address, "chat_id");
  return json_request(config_, "POST", url("/im/v1/messages?receive_id_type=chat_id"), body,
                      authorization);
}

Delivery FeishuChannel::judge(const HttpReply& response) const {
  const json body = object_of(response.body);
  const int64_t code = number_or(body, "code", -1);
  if (response.status == 200 && code == 0) {
    Delivery delivered;
    delivered.message_id = text_or(object_in(body, "data"), "message_id");
    return delivered;
  }
  Delivery delivery = by_status(response);
  if (code != -1) delivery.why = fmt::format("Feishu: {} {}", code, text_or(body, "msg"));
  switch (code) {
    case kTokenInvalid:
    case kTokenMissing:
    case kAppTokenInvalid:
      delivery.outcome = Delivery::Outcome::kTokenExpired;
      return delivery;
    case kTooFrequent:
    case kChatTooFrequent:
    case kSystemBusy:
      delivery.outcome = Delivery::Outcome::kRetry;
      break;
    default:
      if (response.status / 100 == 2)
        delivery.outcome = code == -1 ? Delivery::Outcome::kRetry : Delivery::Outcome::kFinal;
  }
  delivery.whole_app = code == kTooFrequent;
  const auto reset = plain_number(response.header("x-ogw-ratelimit-reset"));
  if (reset && *reset > 0 && *reset < 86400) delivery.retry_after = std::chrono::seconds(*reset);
  return delivery;
}

std::optional<HttpRequest> FeishuChannel::token_request() const {
  return json_request(config_, "POST", url("/auth/v3/tenant_access_token/internal"),
                      {{"app_id", config_.app_id}, {"app_secret", config_.app_secret.reveal()}});
}

Result<AccessToken> FeishuChannel::read_token(const HttpReply& response) const {
  const json body = object_of(response.body);
  const std::string token = text_or(body, "tenant_access_token");
  if (number_or(body, "code", -1) == 0 && !token.empty())
    return AccessToken{token, std::chrono::seconds(number_or(body, "expire"))};
  const Code code = is_passing(response.status) ? Code::kUnavailable : Code::kUnauthorized;
  return fail(Error{code, credentials_text(body, response)});
}

std::optional<HttpRequest> FeishuChannel::identity_request(const std::string& token) const {
  return get_request(config_, url("/bot/v3/info"), "Bearer " + token);
}

Result<Identity> FeishuChannel::read_identity(const HttpReply& response) const {
  const json body = object_of(response.body);
  const json& bot = object_in(body, "bot");
  if (number_or(body, "code", -1) == 0 && !text_or(bot, "open_id").empty())
    return Identity{text_or(bot, "open_id"), text_or(bot, "app_name")};
  const std::string why = text_or(body, "msg", fmt::format("HTTP status {}", response.status));
  return fail(Code::kUnavailable,
              "Feishu does not say who the bot is ('" + why +
                  "'): switch the bot on under Add Features, and publish a version",
              "飞书未返回机器人信息（“" + why + "”）：请在“添加应用能力”中启用机器人并发布版本");
}

std::optional<HttpRequest> FeishuChannel::download(const Attachment& attachment,
                                                   const std::string& token) const {
  const size_t cut = attachment.id.find('/');
  if (cut == std::string::npos) return std::nullopt;
  return get_request(config_,
                     url(fmt::format("/im/v1/messages/{}/resources/{}?type={}",
                                     url_escaped(attachment.id.substr(0, cut)),
                                     url_escaped(attachment.id.substr(cut + 1)),
                                     attachment.type == "image" ? "image" : "file")),
                     "Bearer " + token);
}

std::unique_ptr<SocketProtocol> FeishuChannel::socket() const {
  return std::make_unique<FeishuSocket>(*this, config_);
}

std::vector<Probe> FeishuChannel::probes(const std::string& token) const {
  const auto identity = [this](const HttpReply& response) -> std::optional<Text> {
    const auto bot = read_identity(response);
    return bot ? std::nullopt : std::optional(bot.error().text);
  };
  // Reading a message that does not exist tells whether the scope for messages was granted.
  const auto scope = [](const HttpReply& response) -> std::optional<Text> {
    constexpr int64_t kNoScope = 99991672, kNoUserScope = 99991679;
    const int64_t code = number_or(object_of(response.body), "code", -1);
    if (code != kNoScope && code != kNoUserScope) return std::nullopt;
    return Text{
        "missing scope: im:message; add it under Permissions & Scopes and publish a version",
        "缺少权限：im:message；请在“权限管理”中开通并发布版本"};
  };
  return {{get_request(config_, url("/bot/v3/info"), "Bearer " + token), identity},
          {get_request(config_, url("/im/v1/messages/om_ai_bot_probe"), "Bearer " + token), scope}};
}

}  // namespace ai_bot
