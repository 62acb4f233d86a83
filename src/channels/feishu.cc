#include "channels/feishu.h"

#include <fmt/format.h>

#include "channels/feishu_content.h"
#include "channels/feishu_errors.h"
#include "channels/feishu_post.h"
#include "channels/feishu_socket.h"
#include "channels/feishu_text.h"
#include "channels/incoming.h"
#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr size_t kAesBlock = 16;

std::optional<std::string> decrypted(const std::string& aes_key, const std::string& text) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() <= kAesBlock) return std::nullopt;
  const std::string_view all(*bytes);
  auto plain = decrypt_aes256_cbc(aes_key, all.substr(0, kAesBlock), all.substr(kAesBlock));
  return plain ? without_pkcs7(std::move(*plain), kAesBlock) : std::nullopt;
}

std::string mentioning(const std::string& user, const std::string& text) {
  return user.empty() ? text : behind_mention(fmt::format("<at id={}></at>", user), text);
}

std::string written(const json& content) {
  return content.dump(-1, ' ', false, json::error_handler_t::replace);
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

Result<void> FeishuChannel::check_signature(const WebhookRequest& request) const {
  const std::string timestamp = request.header("X-Lark-Request-Timestamp");
  const auto seconds = plain_number(timestamp);
  if (!seconds) return refused_signature();
  const std::string nonce = request.header("X-Lark-Request-Nonce");
  const std::string& key = config_.encrypt_key.reveal();
  std::string message;
  message.reserve(timestamp.size() + nonce.size() + key.size() + request.body.size());
  message.append(timestamp).append(nonce).append(key).append(request.body);
  if (!equal_in_constant_time(to_hex(sha256(message)), request.header("X-Lark-Signature")))
    return refused_signature();
  return check_signed_time(*seconds * 1000, request.now_ms, config_.tolerance);
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
      if (auto checked = check_signature(request); !checked) return fail(checked.error());
      return ignored("unreadable");
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
  if (encrypted) {
    if (auto checked = check_signature(request); !checked) return fail(checked.error());
  }
  return read(payload, request.self.get(), request.now_ms);
}

std::vector<std::string> FeishuChannel::compose(const std::string& answer) const {
  static const Dialect dialect = feishu_markdown();
  return render_markdown(answer, dialect, parts_of(config_));
}

std::string FeishuChannel::address_for(const std::string& chat) const {
  return json{{"chat_id", chat}}.dump();
}

HttpRequest FeishuChannel::render(const Reply& reply, const std::string& token, int64_t) const {
  const json address = address_of(reply);
  const std::string authorization = "Bearer " + token;
  const std::string user = reply.part == 0 ? text_or(address, "user") : "";
  const std::string content = reply.way.plain ? written(plain_feishu_post(reply.text, user))
                                              : written(feishu_card(mentioning(user, reply.text)));
  if (!reply.draft.empty()) {
    return json_request(config_, "PATCH", url("/im/v1/messages/" + url_escaped(reply.draft)),
                        {{"content", content}}, authorization);
  }
  json body = {{"msg_type", reply.way.plain ? "post" : "interactive"},
               {"content", content},
               {"uuid", reply.idempotency_key}};
  const std::string question = text_or(address, "message_id");
  if (!question.empty() && !reply.way.outside_thread) {
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
  if (const auto known = feishu_delivery(code)) {
    delivery = *known;
  } else if (response.status / 100 == 2) {
    delivery.outcome = code == -1 ? Delivery::Outcome::kRetry : Delivery::Outcome::kFinal;
  }
  if (code != -1) delivery.why = fmt::format("Feishu: {} {}", code, text_or(body, "msg"));
  if (delivery.why.empty()) delivery.why = "Feishu: no answer that can be read";
  delivery.retry_after = retry_after(response);
  const auto reset = plain_number(response.header("x-ogw-ratelimit-reset"));
  if (reset && *reset > 0 && *reset < 86400) delivery.retry_after = std::chrono::seconds(*reset);
  return delivery;
}

std::optional<HttpRequest> FeishuChannel::retract(const Reply& reply,
                                                  const std::string& token) const {
  HttpRequest request =
      get_request(config_, url("/im/v1/messages/" + url_escaped(reply.draft)), "Bearer " + token);
  request.method = "DELETE";
  return request;
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
  if (attachment.type == "quote") {
    return get_request(config_, url("/im/v1/messages/" + url_escaped(attachment.id)),
                       "Bearer " + token);
  }
  const size_t cut = attachment.id.find('/');
  if (cut == std::string::npos) return std::nullopt;
  return get_request(config_,
                     url(fmt::format("/im/v1/messages/{}/resources/{}?type={}",
                                     url_escaped(attachment.id.substr(0, cut)),
                                     url_escaped(attachment.id.substr(cut + 1)),
                                     attachment.type == "image" ? "image" : "file")),
                     "Bearer " + token);
}

std::optional<std::string> FeishuChannel::read_quoted(const HttpReply& response) const {
  std::string text = read_feishu_quoted(object_in(object_of(response.body), "data"));
  return text.empty() ? std::nullopt : std::optional(std::move(text));
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
