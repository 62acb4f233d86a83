// The clock of the other side, as its replies tell it.
#pragma once

#include <optional>

#include "core/clock.h"
#include "net/http_client.h"

namespace ai_bot {

// How far `now_ms` is ahead of the reply's Date header (RFC 9110, 6.6.1; whole seconds), negative
// when it is behind; no value without a readable one.
std::optional<milliseconds> ahead_of_date(const HttpReply& reply, int64_t now_ms);

}  // namespace ai_bot
