#include "app/replies.h"

#include "core/id.h"
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

Language language_of(const drogon::HttpRequestPtr& request) {
  return language_of_header(request->getHeader("accept-language"));
}

std::string request_id_of(const drogon::HttpRequestPtr& request) {
  return request_id_or_new(request->getHeader("x-request-id"));
}

drogon::HttpResponsePtr json_response(int status, const nlohmann::json& body) {
  auto response = drogon::HttpResponse::newHttpResponse();
  response->setStatusCode(static_cast<drogon::HttpStatusCode>(status));
  response->setContentTypeCode(drogon::CT_APPLICATION_JSON);
  response->setBody(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return response;
}

nlohmann::json error_body(const Error& error, Language language) {
  const bool overflow = error.code == Code::kContextOverflow;
  return {{"error",
           {{"message", redacted(error.text.in(language))},
            {"type", openai_type(http_status(error.code))},
            {"param", nullptr},
            {"code", overflow ? "context_length_exceeded" : name_of(error.code)}}}};
}

drogon::HttpResponsePtr error_response(const drogon::HttpRequestPtr& request, const Error& error) {
  const int status = http_status(error.code);
  auto response = json_response(status, error_body(error, language_of(request)));
  if (status == 503 || status == 429) {
    const int64_t seconds =
        error.retry_after ? (error.retry_after->count() + 999) / 1000 : kDefaultRetrySeconds;
    response->addHeader("Retry-After", std::to_string(seconds));
  }
  return response;
}

}  // namespace ai_bot
