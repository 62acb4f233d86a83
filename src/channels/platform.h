// What the platforms' files share: building a JSON request and reading a JSON answer.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

#include "channels/channel.h"
#include "net/url.h"

namespace ai_bot {

// A request with a JSON body; `authorization` becomes the header of that name unless it is empty.
HttpRequest json_request(const ChannelConfig& config, std::string method, std::string url,
                         const nlohmann::json& body, const std::string& authorization = "");

// The same without a body.
HttpRequest get_request(const ChannelConfig& config, std::string url,
                        const std::string& authorization = "");

// The body as a JSON object; an empty object for anything else, so that reading never fails.
nlohmann::json object_of(std::string_view body);

// The member as an array; an empty one for anything else.
const nlohmann::json& list_in(const nlohmann::json& object, const char* key);

// The address an event carries, as its channel wrote it.
nlohmann::json address_of(const Reply& reply);

// Whether an answer is none of a platform's (which are JSON objects, or have no body) but of
// something on the way: a captive portal, a proxy's page. It may pass.
bool is_foreign(const HttpReply& response);

// The seconds a member tells, whole or not, at most a day; no value when it is no number.
std::optional<milliseconds> seconds_in(const nlohmann::json& object, std::string_view key);

// Judgement by the HTTP status alone, for what says nothing more. A redirect, or what is_foreign(),
// is tried again.
Delivery by_status(const HttpReply& response);

// The configured base, or the platform's own, without a trailing slash.
std::string base_of(const ChannelConfig& config, const char* platforms_own);

// In how many messages an answer is sent at most.
size_t parts_of(const ChannelConfig& config);

// Every occurrence of `from` (which may be empty: none) by `to`.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

// Attachment::type of a media type.
const char* type_of_mime(std::string_view mime);

// An address that came in foreign bytes, as libcurl reads it, where it is the platform's: https at
// (or below) one of these domains, or the configured base_url's origin. Whatever else it is,
// nothing is sent there.
std::optional<Url> platforms_address(const ChannelConfig& config, const std::string& text,
                                     std::initializer_list<const char*> domains);

// The same for the WebSocket address of mode: connect: wss at one of these domains, or any port of
// base_url's host (and no less secure than base_url is).
std::optional<Url> platforms_socket(const ChannelConfig& config, const std::string& text,
                                    std::initializer_list<const char*> domains);

// What is said when that is none.
tl::unexpected<Error> foreign_socket(const char* platform);

// A name-based UUID (RFC 9562, version 8) of an idempotency key, where a platform wants that form.
std::string uuid_of(const std::string& key);

}  // namespace ai_bot
