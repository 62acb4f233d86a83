#include "net/replies.h"

#include "core/redact.h"

namespace ai_bot {
namespace {

constexpr int kDefaultRetrySeconds = 2;

const char* openai_type(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

}  // namespace

int http_status(Code code) {
  switch (code) {
    case Code::kInvalid:
    case Code::kContextOverflow:
      return 400;
    case Code::kUnauthorized:
      return 401;
    case Code::kForbidden:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
      return 409;
    case Code::kTooLarge:
      return 413;
    case Code::kUnsupportedMedia:
      return 415;
    case Code::kRateLimited:
      return 429;
    case Code::kCancelled:
      return 499;
    case Code::kTimeout:
      return 504;
    case Code::kUnavailable:
    case Code::kStorageFull:
    case Code::kStorage:
    case Code::kStorageDamaged:
      return 503;
    case Code::kInternal:
      return 500;
  }
  return 500;
}

Response json_response(int status, const nlohmann::json& body) {
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

nlohmann::json error_body(const Error& error, Language language) {
  const bool overflow = error.code == Code::kContextOverflow;
  return {{"error",
           {{"message", redacted(error.text.in(language))},
            {"type", openai_type(http_status(error.code))},
            {"param", nullptr},
            {"code", overflow ? "context_length_exceeded" : name_of(error.code)}}}};
}

Response error_response(const Request& request, const Error& error) {
  const int status = http_status(error.code);
  Response response = json_response(status, error_body(error, request.language()));
  if (status == 503 || status == 429) {
    const int64_t seconds =
        error.retry_after ? (error.retry_after->count() + 999) / 1000 : kDefaultRetrySeconds;
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
  }
  return response;
}

}  // namespace ai_bot
