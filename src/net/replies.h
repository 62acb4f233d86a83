// HTTP responses of ours: JSON, and errors in OpenAI's shape.
#pragma once

#include <nlohmann/json.hpp>

#include "core/result.h"
#include "net/request.h"

namespace ai_bot {

int http_status(Code code);

Response json_response(int status, const nlohmann::json& body);

// {"error": {"message", "type", "param", "code"}} (OpenAI's API reference, "Errors"), with
// Retry-After where waiting helps. The message is in the language the request's Accept-Language
// prefers.
Response error_response(const Request& request, const Error& error);
nlohmann::json error_body(const Error& error, Language language);

}  // namespace ai_bot
