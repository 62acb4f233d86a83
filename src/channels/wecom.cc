#include "channels/wecom.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr size_t kPadding = 32, kRandomBytes = 16, kLengthBytes = 4;
constexpr int64_t kResponseUrlMs = 3'600'000;
constexpr int64_t kDuplicateCheckSeconds = 14400;  // the longest message/send takes

// "Global error codes".
constexpr std::array<int64_t, 3> kTokenCodes = {40001, 40014, 42001};
constexpr std::array<int64_t, 4> kBusyCodes = {-1, 45009, 45033, 6000};

template <size_t N>
bool holds(const std::array<int64_t, N>& list, int64_t code) {
  return std::find(list.begin(), list.end(), code) != list.end();
}

// In groups the text begins with the bot's mention.
std::string without_mention(const std::string& text) {
  if (!text.starts_with("@")) return text;
  const size_t end = text.find_first_of(" \n\t");
  return end == std::string::npos ? "" : text.substr(end + 1);
}

// "<@userid>" and "<font color=…>" ("Markdown messages"). They count in code too, since an app's
// has no marks for it.
bool is_mention(std::string_view text, size_t at) {
  if (text[at] != '<') return false;
  constexpr std::string_view kFont = "font";
  const std::string_view rest = text.substr(at + 1);
  return rest.starts_with('@') ||
         (starts_with_word(rest, kFont) && has_attribute(rest.substr(kFont.size()), {"color"}));
}

// An app's Markdown knows headings, bold text, links, quotes and `code` ("Markdown messages").
Dialect app_dialect() {
  Dialect dialect = plain_markdown(is_mention);
  const auto as_it_is = [](const std::string& text) { return text; };
  dialect.emphasis = as_it_is;
  dialect.strike = as_it_is;
  dialect.code_block = [](const std::string&, std::string_view raw) {
    return quoted_lines(guarded_code(raw, is_mention));
  };
  dialect.most = WeComChannel::kLongestText;
  return dialect;
}

Dialect bot_dialect() {
  Dialect dialect = plain_markdown(is_mention);
  dialect.tables = true;
  dialect.most = WeComChannel::kLongestBotText;
  return dialect;
}

}  // namespace

WeComChannel::WeComChannel(ChannelConfig config, const ChannelLimits& limits)
    : config_(std::move(config)), limits_(limits) {}

std::string WeComChannel::url(const std::string& path) const {
  return base_of(config_, "https://qyapi.weixin.qq.com") + "/cgi-bin/" + path;
}

Result<std::string> WeComChannel::open(const WebhookRequest& request,
                                       const std::string& cipher) const {
  if (config_.token.empty()) return refused_signature();
  const std::string timestamp = request.query("timestamp");
  std::array<std::string, 4> parts = {config_.token.reveal(), timestamp, request.query("nonce"),
                                      cipher};
  std::sort(parts.begin(), parts.end());
  const std::string expected = to_hex(sha1(parts[0] + parts[1] + parts[2] + parts[3]));
  if (!equal_in_constant_time(expected, request.query("msg_signature"))) return refused_signature();
  const auto seconds = plain_number(timestamp);
  if (!seconds) return refused_signature();
  if (auto timely = check_signed_time(*seconds * 1000, request.now_ms, config_.tolerance); !timely)
    return fail(timely.error());
  const auto key = from_base64(config_.aes_key.reveal());
  const auto bytes = from_base64(cipher);
  if (!key || !bytes) return refused_signature();
  auto padded = decrypt_aes256_cbc(*key, std::string_view(*key).substr(0, kRandomBytes), *bytes);
  if (!padded) return refused_signature();
  const auto plain = without_pkcs7(std::move(*padded), kPadding);
  if (!plain || plain->size() < kRandomBytes + kLengthBytes) return refused_signature();
  size_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    length = length << 8 | static_cast<unsigned char>((*plain)[kRandomBytes + i]);
  const size_t begin = kRandomBytes + kLengthBytes;
  if (length > plain->size() - begin) return refused_signature();
  const std::string receiver = plain->substr(begin + length);
  if (receiver != (is_ai_bot() ? "" : config_.corp_id)) return refused_signature();
  return plain->substr(begin, length);
}

Result<Reading> WeComChannel::receive(const WebhookRequest& request) const {
  if (request.method == "GET") {
    const auto echo = open(request, request.query("echostr"));
    if (!echo) return fail(echo.error());
    return handshake({200, "text/plain", *echo});
  }
  std::string cipher;
  if (is_ai_bot()) {
    cipher = text_or(object_of(request.body), "encrypt");
  } else {
    pugi::xml_document document;
    document.load_buffer(request.body.data(), request.body.size());
    cipher = document.child("xml").child("Encrypt").text().as_string();
  }
  const auto message = open(request, cipher);
  if (!message) return fail(message.error());
  Reading received = is_ai_bot() ? read_bot_message(parse_json(*message), request.now_ms)
                                 : read_app_message(*message, request.now_ms);
  // An empty answer: the message comes by the API, not within the five seconds of a passive one.
  received.answer = {200, "text/plain", ""};
  return received;
}

Reading WeComChannel::read_app_message(const std::string& xml, int64_t now_ms) const {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return ignored("unreadable");
  const pugi::xml_node root = document.child("xml");
  const auto value = [&](const char* name) {
    return std::string(root.child(name).text().as_string());
  };
  Incoming incoming;
  incoming.event_id = value("MsgId");
  incoming.sender = incoming.chat = value("FromUserName");
  incoming.direct = true;
  incoming.address = {{"user", incoming.sender}};
  const std::string type = value("MsgType");
  if (type == "text") {
    incoming.text = value("Content");
  } else if (type == "link") {
    incoming.text = fmt::format("{} ({})", value("Title"), value("Url"));
  } else if (type == "location") {
    incoming.text =
        fmt::format("{} ({}, {})", value("Label"), value("Location_X"), value("Location_Y"));
  } else if (type == "image" || type == "voice" || type == "video" || type == "file") {
    incoming.attachments = {
        {value("MediaId"), value("FileName"), type == "voice" ? "audio" : type, 0}};
  } else if (type == "event" && value("Event") == "subscribe") {
    incoming.kind = Incoming::Kind::kBotAdded;
    // Events have no id; a repetition is known by these two ("Receive events").
    incoming.event_id = incoming.sender + ":" + value("CreateTime") + ":subscribe";
  } else {
    return ignored("unknown");
  }
  return decide(config_, limits_, std::move(incoming), now_ms);
}

Reading WeComChannel::read_bot_message(const json& message, int64_t now_ms) const {
  if (!message.is_object()) return ignored("unreadable");
  Incoming incoming;
  incoming.event_id = text_or(message, "msgid");
  incoming.sender = text_or(object_in(message, "from"), "userid");
  incoming.direct = text_or(message, "chattype") == "single";
  incoming.chat = incoming.direct ? incoming.sender : text_or(message, "chatid");
  incoming.addressed = true;  // groups send only what mentions the bot
  incoming.address = {{"response_url", text_or(message, "response_url")},
                      {"until", now_ms + kResponseUrlMs}};
  const std::string type = text_or(message, "msgtype");
  if (type == "text") {
    incoming.text = text_or(object_in(message, "text"), "content");
  } else if (type == "voice") {
    incoming.text = text_or(object_in(message, "voice"), "content");
  } else if (type == "image" || type == "file") {
    incoming.attachments = {{text_or(object_in(message, type.c_str()), "url"), "", type, 0}};
  } else if (type == "mixed") {
    const auto items = object_in(message, "mixed").find("msg_item");
    if (items == object_in(message, "mixed").end() || !items->is_array()) return ignored("unknown");
    for (const json& item : *items) {
      if (!item.is_object()) continue;
      incoming.text += text_or(object_in(item, "text"), "content");
      if (const std::string url = text_or(object_in(item, "image"), "url"); !url.empty())
        incoming.attachments.push_back({url, "", "image", 0});
    }
  } else {
    return ignored("unknown");
  }
  if (!incoming.direct) incoming.text = without_mention(incoming.text);
  return decide(config_, limits_, std::move(incoming), now_ms);
}

std::vector<std::string> WeComChannel::compose(const std::string& answer) const {
  static const Dialect app = app_dialect(), bot = bot_dialect();
  // A response_url takes one message.
  return is_ai_bot() ? render_markdown(answer, bot, 1)
                     : render_markdown(answer, app, parts_of(config_));
}

std::string WeComChannel::address_for(const std::string& chat) const {
  return is_ai_bot() ? "" : json{{"user", chat}}.dump();
}

HttpRequest WeComChannel::render(const Reply& reply, const std::string& token,
                                 int64_t now_ms) const {
  const json address = address_of(reply);
  json body = {{"msgtype", "markdown"}, {"markdown", {{"content", reply.text}}}};
  if (is_ai_bot()) {
    const std::string target = text_or(address, "response_url");
    const auto own = platforms_address(config_, target, {"qyapi.weixin.qq.com"});
    const bool in_time = number_or(address, "until") > now_ms;
    return json_request(config_, "POST", own && in_time ? own->text() : "", body);
  }
  body["touser"] = text_or(address, "user");
  body["agentid"] = plain_number(config_.agent_id).value_or(0);
  body["enable_duplicate_check"] = 1;
  body["duplicate_check_interval"] = kDuplicateCheckSeconds;
  return json_request(config_, "POST", url("message/send?access_token=" + url_escaped(token)),
                      body);
}

Delivery WeComChannel::judge(const HttpReply& response) const {
  if (response.status / 100 != 2 || is_foreign(response)) return by_status(response);
  const json body = object_of(response.body);
  const int64_t code = number_or(body, "errcode", body.empty() ? -1 : 0);
  const std::string why = fmt::format("WeCom: {} {}", code, text_or(body, "errmsg"));
  if (holds(kTokenCodes, code)) return {Delivery::Outcome::kTokenExpired, why, {}};
  if (holds(kBusyCodes, code)) return {Delivery::Outcome::kRetry, why, {}, code == 45009};
  if (code != 0) return {Delivery::Outcome::kFinal, why, {}};
  if (const std::string invalid = text_or(body, "invaliduser"); !invalid.empty())
    return {Delivery::Outcome::kFinal, "WeCom: the person is not in the app's visible range", {}};
  return {};
}

std::optional<HttpRequest> WeComChannel::token_request() const {
  if (is_ai_bot()) return std::nullopt;
  return get_request(
      config_, url(fmt::format("gettoken?corpid={}&corpsecret={}", url_escaped(config_.corp_id),
                               url_escaped(config_.secret.reveal()))));
}

Result<AccessToken> WeComChannel::read_token(const HttpReply& response) const {
  const json body = object_of(response.body);
  const std::string token = text_or(body, "access_token");
  if (number_or(body, "errcode", -1) == 0 && !token.empty())
    return AccessToken{token, std::chrono::seconds(number_or(body, "expires_in"))};
  const std::string why = text_or(body, "errmsg", fmt::format("HTTP status {}", response.status));
  return fail(
      is_passing(response.status) ? Code::kUnavailable : Code::kUnauthorized,
      "corp_id or secret: WeCom answers '" + why +
          "'; corp_id stands under My Company, the secret on the app's page",
      "corp_id 或 secret：企业微信返回“" + why + "”；corp_id 见“我的企业”，secret 见应用详情页");
}

std::optional<HttpRequest> WeComChannel::download(const Attachment& attachment,
                                                  const std::string& token) const {
  if (is_ai_bot()) return std::nullopt;  // those are encrypted files of another kind
  return get_request(config_, url(fmt::format("media/get?access_token={}&media_id={}",
                                              url_escaped(token), url_escaped(attachment.id))));
}

std::vector<Probe> WeComChannel::probes(const std::string& token) const {
  if (is_ai_bot()) return {};
  const auto finding = [this](const HttpReply& response) -> std::optional<Text> {
    const json body = object_of(response.body);
    const int64_t code = number_or(body, "errcode", -1);
    if (code == 0) return std::nullopt;
    constexpr int64_t kAddressRefused = 60020;
    if (code == kAddressRefused) {
      return Text{
          "this server's address is not among the app's trusted IPs: add it on the app's page",
          "本服务器 IP 不在应用的“企业可信IP”中：请在应用详情页添加"};
    }
    return Text{fmt::format("agent_id {}: WeCom answers {} '{}'", config_.agent_id, code,
                            text_or(body, "errmsg")),
                fmt::format("agent_id {}：企业微信返回 {}“{}”", config_.agent_id, code,
                            text_or(body, "errmsg"))};
  };
  return {
      {get_request(config_, url(fmt::format("agent/get?access_token={}&agentid={}",
                                            url_escaped(token), url_escaped(config_.agent_id)))),
       finding}};
}

}  // namespace ai_bot
