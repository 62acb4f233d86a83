#include "channels/generic.h"

#include <fmt/format.h>

#include "channels/signing.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

tl::unexpected<Error> wrong_field(const char* key, const std::string& en, const std::string& zh) {
  return fail(Code::kInvalid, fmt::format("{}: {}", key, en), fmt::format("{}：{}", key, zh));
}

// A required text field of at most `most` bytes.
Result<std::string> text_field(const json& body, const char* key, size_t most) {
  const auto at = body.find(key);
  if (at == body.end() || !at->is_string()) return wrong_field(key, "must be a text", "必须是文本");
  const auto& text = at->get_ref<const std::string&>();
  const std::string_view trimmed = trim(text);
  if (trimmed.empty()) return wrong_field(key, "must not be empty", "不能为空");
  if (trimmed.size() > most) {
    return wrong_field(key, fmt::format("is longer than {} bytes", most),
                       fmt::format("超过 {} 字节", most));
  }
  return std::string(trimmed);
}

}  // namespace

GenericChannel::GenericChannel(ChannelConfig config, const ChannelLimits& limits)
    : config_(std::move(config)), limits_(limits) {}

std::string GenericChannel::sign(const std::string& secret, std::string_view timestamp,
                                 std::string_view body) {
  std::string message;
  message.reserve(timestamp.size() + 1 + body.size());
  message.append(timestamp).append(".").append(body);
  return "sha256=" + to_hex(hmac_sha256(secret, message));
}

Result<Reading> GenericChannel::receive(const WebhookRequest& request) const {
  const std::string timestamp = request.header(kTimestampHeader);
  const auto seconds = plain_number(timestamp);
  if (!seconds || config_.secret.empty()) return refused_signature();
  const std::string expected = sign(config_.secret.reveal(), timestamp, request.body);
  if (!equal_in_constant_time(expected, request.header(kSignatureHeader)))
    return refused_signature();
  if (auto timely = check_signed_time(*seconds * 1000, request.now_ms, config_.tolerance); !timely)
    return fail(timely.error());

  const auto parsed = parse_object(request.body);
  if (!parsed) return fail(parsed.error());
  const json& body = *parsed;
  Event event;
  event.channel = config_.name;
  event.received_ms = request.now_ms;
  struct Wanted {
    const char* key;
    std::string& value;
    size_t most;
  };
  for (const Wanted& wanted : {Wanted{"event_id", event.event_id, kLongestId},
                               Wanted{"conversation", event.conversation, kLongestId},
                               Wanted{"sender", event.sender, kLongestId},
                               Wanted{"text", event.text, limits_.max_message}}) {
    auto text = text_field(body, wanted.key, wanted.most);
    if (!text) return fail(text.error());
    wanted.value = std::move(*text);
  }
  Reading received;
  received.event = std::move(event);
  return received;
}

HttpRequest GenericChannel::render(const Reply& reply, const std::string&, int64_t now_ms) const {
  const json body = {{"event_id", reply.event_id},
                     {"conversation", reply.conversation},
                     {"idempotency_key", reply.idempotency_key},
                     {"kind", reply.is_notice ? "notice" : "answer"},
                     {"text", reply.text}};
  HttpRequest request;
  request.method = "POST";
  request.url = config_.callback_url;
  request.proxy = config_.proxy;
  request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  const std::string timestamp = std::to_string(now_ms / 1000);
  request.headers = {{"Content-Type", "application/json"},
                     {"Idempotency-Key", reply.idempotency_key},
                     {"X-Request-Id", reply.request_id},
                     {kTimestampHeader, timestamp},
                     {kSignatureHeader, sign(config_.secret.reveal(), timestamp, request.body)}};
  return request;
}

Delivery GenericChannel::judge(const HttpReply& response) const {
  if (response.status / 100 == 2) return {};
  const std::string why = fmt::format("HTTP status {}", response.status);
  // Redirects are not followed; a temporary one may be a captive portal's, and pass.
  const bool may_pass = is_passing(response.status) || response.status == 302 ||
                        response.status == 303 || response.status == 307;
  if (!may_pass) return {Delivery::Outcome::kFinal, why, std::nullopt};
  return {Delivery::Outcome::kRetry, why, retry_after(response)};
}

}  // namespace ai_bot
