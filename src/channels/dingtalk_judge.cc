// What DingTalk says to a request. Two interfaces answer: a conversation's sessionWebhook (errcode,
// HTTP status 200 whatever it is) and the API (code, a text).
#include <fmt/format.h>

#include <algorithm>

#include "channels/dingtalk.h"
#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

enum class Meaning {
  kBusy,        // for this conversation, soon over
  kTooOften,    // for all of the app's or the company's requests
  kToken,       // another one is needed
  kSession,     // the conversation's own address is no more: by the robot's API instead
  kNoMarkdown,  // as plain text instead
  kRefused,     // until the operator mends it
};

struct KnownCode {
  std::string_view code;  // of the API also a beginning: "Throttling" of "Throttling.User"
  Meaning meaning;
};

// "Global error codes" (open.dingtalk.com/document/orgapp/server-api-error-codes-1), "Custom robots
// send group messages", "The robot sends a group message" and "… one-to-one messages"
// (help.dingtalk.io/open/development/the-robot-sends-a-group-message). What is not here is final:
// a message that may not be said (430101 to 430104), a group that is no more (400013), a robot that
// was stopped in it (400102), a person who is not of the company (staffId.notExisted).
constexpr KnownCode kCodes[] = {
    {"-1", Meaning::kBusy},                             // system busy
    {"130101", Meaning::kBusy},                         // over 20 messages a minute in a group
    {"410100", Meaning::kBusy},                         // the same
    {"90030", Meaning::kBusy},                          // webhook over limit
    {"400105", Meaning::kNoMarkdown},                   // unsupported msgtype
    {"invalidParameter.msgKey", Meaning::kNoMarkdown},  // the robot may not send this kind
    {"invalidParameter.msgParam", Meaning::kNoMarkdown},
    {"invalidParameter.msg.", Meaning::kNoMarkdown},
    {"300001", Meaning::kSession},  // the session is over, or unknown
    {"300005", Meaning::kSession},  // token is not exist
    {"310000", Meaning::kSession},  // the group's own rules: keywords, signature, addresses
    {"40014", Meaning::kToken},     // invalid access_token
    {"42001", Meaning::kToken},     // expired access_token
    {"InvalidAuthentication", Meaning::kToken},
    {"60011", Meaning::kRefused},  // no permission for this interface
    {"60020", Meaning::kRefused},  // this server's address is not in the list
    {"Forbidden.AccessDenied", Meaning::kRefused},
    {"invalidParameter.robotCode", Meaning::kRefused},  // client_id is another app's
    {"Throttling", Meaning::kTooOften},
};

constexpr int64_t kWrapped = 88;  // says in sub_code what it is
// Forbidden for a while: one server, company or app, one interface or all ("Call frequency").
constexpr int64_t kFirstLimit = 90001, kLastLimit = 90018;

// A number, also where it stands as a text.
std::string number_of(const json& body, const char* key) {
  const int64_t number = number_or(body, key);
  return number != 0 ? std::to_string(number) : text_or(body, key);
}

std::string code_of(const json& body) {
  if (std::string code = text_or(body, "code"); !code.empty()) return code;
  const std::string code = number_of(body, "errcode");
  const std::string inner = number_of(body, "sub_code");
  return code == std::to_string(kWrapped) && !inner.empty() ? inner : code;
}

std::optional<Meaning> meaning_of(const std::string& code) {
  // "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi" is no refusal.
  if (code.find("QpsLimit") != std::string::npos) return Meaning::kTooOften;
  const bool is_number = code.find_first_not_of("-0123456789") == std::string::npos;
  if (is_number && code.size() == std::to_string(kLastLimit).size() &&
      code >= std::to_string(kFirstLimit) && code <= std::to_string(kLastLimit))
    return Meaning::kTooOften;
  for (const KnownCode& known : kCodes)
    if (is_number ? code == known.code : code.starts_with(known.code)) return known.meaning;
  return std::nullopt;
}

// Where the permission is one for cards, an ordinary message may do.
bool is_about_cards(const HttpReply& response) {
  return response.body.find("Card.") != std::string::npos;
}

void judge_as(Meaning meaning, const HttpReply& response, Delivery& delivery) {
  switch (meaning) {
    case Meaning::kBusy:
    case Meaning::kTooOften:
      delivery.outcome = Delivery::Outcome::kRetry;
      delivery.whole_app = meaning == Meaning::kTooOften;
      break;
    case Meaning::kToken:
      delivery.outcome = Delivery::Outcome::kTokenExpired;
      break;
    case Meaning::kSession:
      delivery = other_way({.afresh = true, .outside_thread = true}, std::move(delivery.why));
      break;
    case Meaning::kNoMarkdown:
      delivery = other_way({.plain = true}, std::move(delivery.why));
      break;
    case Meaning::kRefused:
      if (is_about_cards(response)) {
        delivery = other_way({.afresh = true}, std::move(delivery.why));
      } else {
        delivery.outcome = Delivery::Outcome::kRefused;
      }
  }
}

// A success in which it was not: "invalidStaffIdList", "flowControlledStaffIdList" of batchSend,
// and the spaces a card was delivered to.
void judge_success(const json& body, Delivery& delivery) {
  if (!flag_or(body, "success", true)) {
    delivery.outcome = Delivery::Outcome::kFinal;
    delivery.why = "DingTalk: no success, no reason";
  }
  const json& result = object_in(body, "result");
  delivery.message_id = text_or(result, "outTrackId");
  for (const json& space : list_in(result, "deliverResults")) {
    if (!space.is_object()) continue;
    if (!flag_or(space, "success", true)) {
      delivery.outcome = Delivery::Outcome::kFinal;
      delivery.why = "DingTalk: the card was not delivered: " + text_or(space, "errorMsg");
    }
    if (const std::string carrier = text_or(space, "carrierId"); !carrier.empty())
      delivery.message_id += DingTalkChannel::kCarrier + carrier;
  }
  if (!list_in(body, "invalidStaffIdList").empty()) {
    delivery.outcome = Delivery::Outcome::kFinal;
    delivery.why = "DingTalk: the person is not of the company, or not in the app's range";
  } else if (!list_in(body, "flowControlledStaffIdList").empty()) {
    delivery.outcome = Delivery::Outcome::kRetry;
    delivery.why = "DingTalk: too many messages to this person";
  }
}

}  // namespace

Delivery DingTalkChannel::judge(const HttpReply& response) const {
  const json body = object_of(response.body);
  Delivery delivery = by_status(response);
  if (is_foreign(response)) return delivery;
  const std::string code = code_of(body);
  if (response.status / 100 == 2 && (code.empty() || code == "0")) {
    judge_success(body, delivery);
    return delivery;
  }
  delivery.why =
      fmt::format("DingTalk: {} {}", code, text_or(body, "message", text_or(body, "errmsg")));
  if (const auto meaning = meaning_of(code)) {
    judge_as(*meaning, response, delivery);
  } else if (response.status / 100 == 2) {
    delivery.outcome = Delivery::Outcome::kFinal;
  }
  return delivery;
}

Result<AccessToken> DingTalkChannel::read_token(const HttpReply& response) const {
  const json body = object_of(response.body);
  const std::string token = text_or(body, "accessToken");
  if (!token.empty()) return AccessToken{token, std::chrono::seconds(number_or(body, "expireIn"))};
  const std::string why = text_or(body, "message", fmt::format("HTTP status {}", response.status));
  const auto meaning = meaning_of(code_of(body));
  const bool may_pass =
      is_passing(response.status) || meaning == Meaning::kTooOften || meaning == Meaning::kBusy;
  return fail(may_pass ? Code::kUnavailable : Code::kUnauthorized,
              "client_id or client_secret: DingTalk answers '" + why +
                  "'; both stand under Credentials of the app",
              "client_id 或 client_secret：钉钉返回“" + why + "”；两者见应用的“凭证与基础信息”");
}

}  // namespace ai_bot
