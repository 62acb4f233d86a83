#include "channels/platform.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "channels/signing.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {

using nlohmann::json;

HttpRequest json_request(const ChannelConfig& config, std::string method, std::string url,
                         const json& body, const std::string& authorization) {
  HttpRequest request = get_request(config, std::move(url), authorization);
  request.method = std::move(method);
  request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return request;
}

HttpRequest get_request(const ChannelConfig& config, std::string url,
                        const std::string& authorization) {
  HttpRequest request;
  request.url = std::move(url);
  request.proxy = config.proxy;
  if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
  return request;
}

json object_of(std::string_view body) {
  json value = parse_json(body);
  return value.is_object() ? std::move(value) : json::object();
}

json address_of(const Reply& reply) { return object_of(reply.address); }

bool is_foreign(const HttpReply& response) {
  return !trim(response.body).empty() && !parse_json(response.body).is_object();
}

std::optional<milliseconds> seconds_in(const json& object, std::string_view key) {
  const auto at = object.find(key);
  if (at == object.end() || !at->is_number()) return std::nullopt;
  const double seconds = std::clamp(at->get<double>(), 0.0, 86400.0);
  return milliseconds(static_cast<int64_t>(std::ceil(seconds * 1000)));
}

Delivery by_status(const HttpReply& response) {
  const bool foreign = is_foreign(response);
  if (response.status / 100 == 2 && !foreign) return {};
  Delivery delivery;
  delivery.why = fmt::format("HTTP status {}", response.status);
  if (foreign) delivery.why += ", not of the platform";
  const bool may_pass = is_passing(response.status) || response.status / 100 == 3 || foreign;
  delivery.outcome = may_pass ? Delivery::Outcome::kRetry : Delivery::Outcome::kFinal;
  if (delivery.outcome == Delivery::Outcome::kRetry) delivery.retry_after = retry_after(response);
  return delivery;
}

std::string base_of(const ChannelConfig& config, const char* platforms_own) {
  std::string base = config.base_url.empty() ? platforms_own : config.base_url;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

size_t parts_of(const ChannelConfig& config) {
  return static_cast<size_t>(std::max<int64_t>(config.max_parts, 1));
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (size_t found; !from.empty() && (found = text.find(from)) != std::string_view::npos;) {
    out.append(text.substr(0, found)).append(to);
    text.remove_prefix(found + from.size());
  }
  return out.append(text);
}

const char* type_of_mime(std::string_view mime) {
  for (const char* type : {"image", "audio", "video"})
    if (mime.starts_with(type)) return type;
  return "file";
}

std::string origin_of(const std::string& url) {
  const size_t host = url.find("://");
  return host == std::string::npos ? "" : url.substr(0, url.find_first_of("/?#\\", host + 3));
}

bool is_of(const std::string& url, std::initializer_list<std::string> origins) {
  const std::string origin = origin_of(url);
  return !origin.empty() && std::find(origins.begin(), origins.end(), origin) != origins.end();
}

std::string uuid_of(const std::string& key) {
  std::string hex = to_hex(sha256(key)).substr(0, 32);
  hex[12] = '8';  // version
  hex[16] = 'a';  // variant
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

}  // namespace ai_bot
