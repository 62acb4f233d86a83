// Addresses, read by the parser that fetches them (libcurl's URL API), so that nobody is asked but
// the host that was compared. What libcurl and another reader could understand differently is
// refused, not guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ai_bot {

// An absolute address; the parts are those that libcurl connects to and asks for.
struct Url {
  std::string scheme;  // http, https, ws or wss
  std::string host;    // lower case, IPv6 in brackets, IPv4 in dotted decimals
  uint16_t port = 0;   // of the scheme where none is written
  std::string path;    // begins with '/'; percent-encoding as it was written, no dot segments
  std::string query;   // without '?'; empty: none

  // "https://host:port"; what two addresses must share for the one to get the other's token.
  std::string origin() const;
  // "/path?query".
  std::string target() const;
  // The whole of it, with its port only where that is not the scheme's. Fetch this, not the text
  // that was parsed.
  std::string text() const;
  bool is_secure() const { return scheme == "https" || scheme == "wss"; }
};

// Nothing for what is no http, https, ws or wss address, holds a backslash, a space or a control
// character, anything before its path but letters, digits and "-._:[]" (so no user info, no percent
// signs, and other scripts' names only in their ASCII form, xn--…), or is longer than 8 KiB. A
// fragment is dropped.
std::optional<Url> parse_url(std::string_view text);

// Whether `host` is `domain` ("slack.com") or one below it ("files.slack.com").
bool is_below(const Url& url, std::string_view domain);

// As one segment of a path or one value of a query: everything but letters, digits and "-._~" is
// percent-encoded. "." and "..", which would climb, become "-", which names nothing.
std::string url_escaped(std::string_view text);

// The decoded value of the first field of this name in a form (application/x-www-form-urlencoded,
// URL Standard, 5.1); empty: not there.
std::string form_value(std::string_view form, std::string_view name);

}  // namespace ai_bot
