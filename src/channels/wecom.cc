#include "channels/wecom.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "channels/wecom_content.h"
#include "channels/wecom_text.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr size_t kPadding = 32, kRandomBytes = 16, kLengthBytes = 4;
constexpr int64_t kResponseUrlMs = 3'600'000;
constexpr int64_t kDuplicateCheckSeconds = 14400;  // the longest message/send takes

WebhookAnswer empty_answer() { return {200, "text/plain", ""}; }

// The message comes by the API, not within the five seconds of a passive answer.
Reading acknowledged(Reading reading) {
  reading.answer = empty_answer();
  return reading;
}

}  // namespace

WeComChannel::WeComChannel(ChannelConfig config, const ChannelLimits& limits)
    : config_(std::move(config)), limits_(limits) {}

std::string WeComChannel::url(const std::string& path) const {
  return base_of(config_, "https://qyapi.weixin.qq.com") + "/cgi-bin/" + path;
}

std::string WeComChannel::signature_of(const std::string& timestamp, const std::string& nonce,
                                       const std::string& cipher) const {
  std::array<std::string, 4> parts = {config_.token.reveal(), timestamp, nonce, cipher};
  std::sort(parts.begin(), parts.end());
  return to_hex(sha1(parts[0] + parts[1] + parts[2] + parts[3]));
}

Result<std::string> WeComChannel::open(const WebhookRequest& request,
                                       const std::string& cipher) const {
  if (config_.token.empty()) return refused_signature();
  const std::string timestamp = request.query("timestamp");
  const std::string expected = signature_of(timestamp, request.query("nonce"), cipher);
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

WebhookAnswer WeComChannel::sealed(const std::string& message,
                                   const WebhookRequest& request) const {
  const std::string timestamp = request.query("timestamp"), nonce = request.query("nonce");
  const auto key = from_base64(config_.aes_key.reveal());
  if (!key) return empty_answer();
  std::string plain = sha256(*key + timestamp + nonce + message).substr(0, kRandomBytes);
  for (size_t i = 0; i < kLengthBytes; ++i)
    plain += static_cast<char>(message.size() >> (8 * (kLengthBytes - 1 - i)));
  const auto bytes = encrypt_aes256_cbc(*key, std::string_view(*key).substr(0, kRandomBytes),
                                        with_pkcs7(plain + message, kPadding));
  if (!bytes) return empty_answer();
  const std::string cipher = to_base64(*bytes);
  return {200, "application/json",
          json{{"encrypt", cipher},
               {"msgsignature", signature_of(timestamp, nonce, cipher)},
               {"timestamp", plain_number(timestamp).value_or(0)},
               {"nonce", nonce}}
              .dump(-1, ' ', false, json::error_handler_t::replace)};
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
  if (!is_ai_bot()) return acknowledged(read_app(*message, request.now_ms));
  const json parsed = parse_json(*message);
  Reading received = acknowledged(read(parsed, request.now_ms));
  if (!received.event || text_or(parsed, "msgtype") != "event") return received;
  // A greeting can only be said in the response: such an event has no response_url.
  const json greeting = {{"msgtype", "text"},
                         {"text", {{"content", received.event->fixed_answer}}}};
  received = ignored("joined");
  received.answer = sealed(greeting.dump(-1, ' ', false, json::error_handler_t::replace), request);
  return received;
}

Reading WeComChannel::read_app(const std::string& xml, int64_t now_ms) const {
  Incoming incoming;
  if (const std::string why = read_wecom_app(xml, incoming); !why.empty()) return ignored(why);
  return decide(config_, limits_, std::move(incoming), now_ms);
}

Reading WeComChannel::read(const json& message, int64_t now_ms) const {
  Incoming incoming;
  incoming.address = {{"response_url", text_or(message, "response_url")},
                      {"until", now_ms + kResponseUrlMs}};
  if (const std::string why = read_wecom_bot(message, config_.bot_name, incoming); !why.empty())
    return ignored(why);
  return decide(config_, limits_, std::move(incoming), now_ms);
}

std::vector<std::string> WeComChannel::compose(const std::string& answer) const {
  static const Dialect app = wecom_app_markdown(), bot = wecom_bot_markdown();
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

std::optional<HttpRequest> WeComChannel::token_request() const {
  if (is_ai_bot()) return std::nullopt;
  return get_request(
      config_, url(fmt::format("gettoken?corpid={}&corpsecret={}", url_escaped(config_.corp_id),
                               url_escaped(config_.secret.reveal()))));
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
