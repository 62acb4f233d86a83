// Identifiers.
#pragma once

#include <string>
#include <string_view>

namespace ai_bot {

// `bytes` random bytes from the system's cryptographic source, in lower-case hexadecimal.
std::string random_hex(int bytes);

// A request id: the caller's own when it is 1 to 64 of [A-Za-z0-9._-], otherwise a new one,
// which no other process and no other call makes (64 random bits and a counter: nothing secret).
std::string request_id_or_new(std::string_view offered);

}  // namespace ai_bot
