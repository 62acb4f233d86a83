// HTTP responses of ours: JSON, and errors in OpenAI's shape.
#pragma once

#include <drogon/HttpRequest.h>
#include <drogon/HttpResponse.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "core/result.h"

namespace ai_bot {

using Respond = std::function<void(const drogon::HttpResponsePtr&)>;

int http_status(Code code);

drogon::HttpResponsePtr json_response(int status, const nlohmann::json& body);

// {"error": {"message", "type", "param", "code"}} (OpenAI's API reference, "Errors"), with
// Retry-After where waiting helps. The message is in the language the request's Accept-Language
// prefers.
drogon::HttpResponsePtr error_response(const drogon::HttpRequestPtr& request, const Error& error);
nlohmann::json error_body(const Error& error, Language language);

Language language_of(const drogon::HttpRequestPtr& request);
std::string request_id_of(const drogon::HttpRequestPtr& request);

}  // namespace ai_bot
