// Keeps secrets out of what people and files get to see: logs, errors, health, the database's error
// columns, what the command line prints. Foreign texts (of a platform, of a model's endpoint) may
// repeat a credential they were sent.
#pragma once

#include <string>
#include <string_view>

namespace ai_bot {

constexpr std::string_view kMasked = "********";
// Shorter values are not masked: that would destroy ordinary texts.
constexpr size_t kShortestSecret = 6;  // bytes

// From now on redacted() masks this value, also where it is percent-encoded: a secret of the
// configuration. Of more than 2,500 the oldest are forgotten. Any thread.
void keep_secret(std::string_view value);

// The same for an access token, which comes and goes: the last 100 are masked.
void keep_token(std::string_view value);

// The same for the secrets of an address: user info, the values of its query whose parameter's name
// says so, and what in its query and its path is long and random. Other values (a version, the name
// of a deployment) are hidden within addresses only.
void keep_secrets_of_address(std::string_view address);

// One address as it may be shown; it need not have a scheme (a proxy's).
std::string redacted_address(std::string_view address);

// The text with all kept secrets masked, and every address in it without its user info, its query
// and the segments of its path that look like keys. Any thread.
std::string redacted(std::string_view text);

}  // namespace ai_bot
