// POST /api/webhook/{channel} and POST /api/webhook: verify, commit to the inbox, acknowledge.
#pragma once

#include <drogon/HttpRequest.h>

#include "app/parts.h"
#include "app/replies.h"

namespace ai_bot {

// `name` empty: the channel marked default.
void handle_webhook(Parts& parts, const drogon::HttpRequestPtr& request, const std::string& name,
                    Respond respond);

// The answer to a request for a channel that is not configured.
drogon::HttpResponsePtr no_such_channel(const drogon::HttpRequestPtr& request);

}  // namespace ai_bot
