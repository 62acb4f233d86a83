// What goes out to Discord, and what Discord says to that.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "channels/discord.h"
#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr size_t kNonceLength = 25;

// "JSON error codes".
constexpr std::array<int64_t, 4> kIsGone{
    10008,  // Unknown message
    10015,  // Unknown webhook: the interaction's time is over
    30046,  // Maximum number of edits to messages older than 1 hour
    50027,  // Invalid webhook token
};
constexpr std::array<int64_t, 2> kThreadIsClosed{
    50083,   // an operation on an archived thread
    160005,  // Thread is locked
};
constexpr std::array<int64_t, 2> kTooFast{
    20016,   // slow mode of the channel
    130000,  // API resource is currently overloaded
};
constexpr int64_t kCannotReply = 160002;  // without permission to read message history
constexpr int64_t kInvalidForm = 50035;
constexpr int64_t kBotIsFlagged = 20026;  // by the anti-spam system

template <size_t N>
bool is_one_of(int64_t code, const std::array<int64_t, N>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// The whole bot is told to wait: by the global limit, or by what stands before Discord ("error
// code: 1015"), which has no JSON.
bool is_global(const HttpReply& response, const json& body) {
  return flag_or(body, "global") || response.header("x-ratelimit-global") == "true" ||
         is_foreign(response);
}

}  // namespace

std::string DiscordChannel::address_for(const std::string& chat) const {
  return json{{"channel", chat}}.dump();
}

HttpRequest DiscordChannel::render(const Reply& reply, const std::string&, int64_t now_ms) const {
  const json address = address_of(reply);
  const Way& way = reply.way;
  json body = {{"content", reply.text}, {"allowed_mentions", {{"parse", json::array()}}}};
  const std::string interaction = text_or(address, "interaction");
  if (!interaction.empty() && !way.afresh && number_or(address, "until") > now_ms) {
    const std::string hook = fmt::format("/webhooks/{}/{}", url_escaped(config_.application_id),
                                         url_escaped(interaction));
    if (reply.part > 0) return json_request(config_, "POST", url(hook), body);
    return json_request(config_, "PATCH", url(hook + "/messages/@original"), body);
  }
  std::string channel = text_or(address, "channel");
  // A thread that is closed leaves the channel it is in.
  if (way.outside_thread && way.afresh) channel = text_or(address, "parent", channel);
  const std::string messages = fmt::format("/channels/{}/messages", url_escaped(channel));
  if (!reply.draft.empty()) {
    return json_request(config_, "PATCH", url(messages + "/" + url_escaped(reply.draft)), body,
                        authorization());
  }
  // The platform drops a second message with the same nonce.
  body["nonce"] = reply.idempotency_key.substr(0, kNonceLength);
  body["enforce_nonce"] = true;
  const std::string question = text_or(address, "message");
  if (!question.empty() && reply.part == 0 && !way.outside_thread) {
    body["message_reference"] = {{"message_id", question}, {"fail_if_not_exists", false}};
    body["allowed_mentions"]["replied_user"] = true;
  }
  return json_request(config_, "POST", url(messages), body, authorization());
}

Delivery DiscordChannel::judge(const HttpReply& response) const {
  using Outcome = Delivery::Outcome;
  const json body = object_of(response.body);
  if (response.status / 100 == 2 && !is_foreign(response)) {
    Delivery delivered;
    delivered.message_id = text_or(body, "id");
    return delivered;
  }
  Delivery delivery = by_status(response);
  const int64_t code = number_or(body, "code");
  if (body.contains("message"))
    delivery.why = fmt::format("Discord: {} {}", code, text_or(body, "message"));
  if (is_one_of(code, kIsGone)) return other_way({.afresh = true}, delivery.why);
  if (is_one_of(code, kThreadIsClosed))
    return other_way({.afresh = true, .outside_thread = true}, delivery.why);
  const bool names_question =
      code == kInvalidForm && object_in(body, "errors").contains("message_reference");
  if (code == kCannotReply || names_question)
    return other_way({.outside_thread = true}, delivery.why);
  const bool is_told_no = response.status == 401 && body.contains("message");
  if (is_told_no || code == kBotIsFlagged) delivery.outcome = Outcome::kRefused;
  if (is_one_of(code, kTooFast)) delivery.outcome = Outcome::kRetry;
  if (delivery.outcome != Outcome::kRetry) return delivery;
  if (const auto wait = seconds_in(body, "retry_after")) delivery.retry_after = *wait;
  delivery.whole_app = response.status == 429 && is_global(response, body);
  return delivery;
}

std::optional<HttpRequest> DiscordChannel::retract(const Reply& reply, const std::string&) const {
  const std::string channel = text_or(address_of(reply), "channel");
  HttpRequest request = get_request(
      config_,
      url(fmt::format("/channels/{}/messages/{}", url_escaped(channel), url_escaped(reply.draft))),
      authorization());
  request.method = "DELETE";
  return request;
}

std::optional<HttpRequest> DiscordChannel::typing(const std::string& address,
                                                  const std::string&) const {
  const json to = object_of(address);
  if (!text_or(to, "interaction").empty()) return std::nullopt;
  HttpRequest request =
      get_request(config_, url("/channels/" + url_escaped(text_or(to, "channel")) + "/typing"),
                  authorization());
  request.method = "POST";
  return request;
}

}  // namespace ai_bot
