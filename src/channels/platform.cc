#include "channels/platform.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "channels/signing.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

// At the scheme's own port: nothing else of a shared host is the platform's.
bool is_of(const Url& url, std::initializer_list<const char*> domains) {
  constexpr uint16_t kHttps = 443;
  return url.port == kHttps && std::any_of(domains.begin(), domains.end(), [&](const char* domain) {
           return is_below(url, domain);
         });
}

}  // namespace

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

const json& list_in(const json& object, const char* key) {
  static const json none = json::array();
  const auto at = object.find(key);
  return at != object.end() && at->is_array() ? *at : none;
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

std::optional<Url> platforms_address(const ChannelConfig& config, const std::string& text,
                                     std::initializer_list<const char*> domains) {
  auto url = parse_url(text);
  if (!url) return std::nullopt;
  const auto base = parse_url(config.base_url);
  if (base && base->origin() == url->origin()) return url;
  const bool own = url->scheme == "https" && is_of(*url, domains);
  return own ? std::move(url) : std::nullopt;
}

std::optional<Url> platforms_socket(const ChannelConfig& config, const std::string& text,
                                    std::initializer_list<const char*> domains) {
  auto url = parse_url(text);
  if (!url || (url->scheme != "wss" && url->scheme != "ws")) return std::nullopt;
  const auto base = parse_url(config.base_url);
  if (base && base->host == url->host && (url->is_secure() || !base->is_secure())) return url;
  const bool own = url->scheme == "wss" && is_of(*url, domains);
  return own ? std::move(url) : std::nullopt;
}

tl::unexpected<Error> foreign_socket(const char* platform) {
  return fail(
      Code::kUnavailable,
      fmt::format("{} gives an address for the connection that is not its own; a mirror of "
                  "the platform must be the host of base_url",
                  platform),
      fmt::format("{} 返回的连接地址不属于该平台；若使用镜像，其主机须与 base_url 相同", platform));
}

std::string uuid_of(const std::string& key) {
  std::string hex = to_hex(sha256(key)).substr(0, 32);
  hex[12] = '8';  // version
  hex[16] = 'a';  // variant
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

}  // namespace ai_bot
