// What WeCom says to a request: errcode, with HTTP status 200 whatever it is.
#include <fmt/format.h>

#include "channels/platform.h"
#include "channels/wecom.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

enum class Meaning {
  kBusy,      // soon over
  kTooOften,  // for all requests of the app or the company
  kToken,     // another one is needed
  kRefused,   // until the operator mends it
};

struct KnownCode {
  int64_t code;
  Meaning meaning;
};

// "Global error codes" (developer.work.weixin.qq.com/document/path/90313). What is not here is
// final: a person who is gone or not in the app's range (40003, 60011, 60111, 81013, 82001), what
// can't be said (40008, 40058, 44004, 45002), a response_url that was used or is over.
constexpr KnownCode kCodes[] = {
    {-1, Meaning::kBusy},         // system busy
    {6000, Meaning::kBusy},       // two changes at once
    {45009, Meaning::kTooOften},  // the interface's limit
    {45011, Meaning::kTooOften},  // the same, for a minute
    {45033, Meaning::kTooOften},  // too many at once
    {40014, Meaning::kToken},     // invalid access_token
    {41001, Meaning::kToken},     // no access_token
    {42001, Meaning::kToken},     // expired access_token
    {40001, Meaning::kRefused},   // invalid secret
    {40013, Meaning::kRefused},   // invalid corp_id
    {40056, Meaning::kRefused},   // invalid agent_id
    {48002, Meaning::kRefused},   // the app may not use the interface
    {60020, Meaning::kRefused},   // this server is not among the trusted IPs
    {301002, Meaning::kRefused},  // the secret is another app's
};

std::optional<Meaning> meaning_of(int64_t code) {
  for (const KnownCode& known : kCodes)
    if (known.code == code) return known.meaning;
  return std::nullopt;
}

Delivery::Outcome outcome_of(std::optional<Meaning> meaning) {
  if (!meaning) return Delivery::Outcome::kFinal;
  switch (*meaning) {
    case Meaning::kToken:
      return Delivery::Outcome::kTokenExpired;
    case Meaning::kRefused:
      return Delivery::Outcome::kRefused;
    case Meaning::kBusy:
    case Meaning::kTooOften:
      break;
  }
  return Delivery::Outcome::kRetry;
}

}  // namespace

Delivery WeComChannel::judge(const HttpReply& response) const {
  if (response.status / 100 != 2 || is_foreign(response)) return by_status(response);
  const json body = object_of(response.body);
  const int64_t code = number_or(body, "errcode", body.empty() ? -1 : 0);
  Delivery delivery;
  if (code != 0) {
    const auto meaning = meaning_of(code);
    delivery.outcome = outcome_of(meaning);
    delivery.whole_app = meaning == Meaning::kTooOften;
    delivery.why = fmt::format("WeCom: {} {}", code, text_or(body, "errmsg"));
  } else if (!text_or(body, "invaliduser").empty() || !text_or(body, "unlicenseduser").empty()) {
    delivery.outcome = Delivery::Outcome::kFinal;
    delivery.why = "WeCom: the person is not in the app's visible range, or has no licence";
  }
  return delivery;
}

Result<AccessToken> WeComChannel::read_token(const HttpReply& response) const {
  const json body = object_of(response.body);
  const std::string token = text_or(body, "access_token");
  const int64_t code = number_or(body, "errcode", -1);
  if (code == 0 && !token.empty())
    return AccessToken{token, std::chrono::seconds(number_or(body, "expires_in"))};
  const std::string why = text_or(body, "errmsg", fmt::format("HTTP status {}", response.status));
  const bool may_pass =
      is_passing(response.status) ||
      (body.contains("errcode") && outcome_of(meaning_of(code)) == Delivery::Outcome::kRetry);
  return fail(
      may_pass ? Code::kUnavailable : Code::kUnauthorized,
      "corp_id or secret: WeCom answers '" + why +
          "'; corp_id stands under My Company, the secret on the app's page",
      "corp_id 或 secret：企业微信返回“" + why + "”；corp_id 见“我的企业”，secret 见应用详情页");
}

}  // namespace ai_bot
