#include "net/url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace ai_bot {
namespace {

constexpr size_t kLongest = 8 << 10;

struct Free {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(char* text) const { curl_free(text); }
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

uint16_t default_port(const std::string& scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  return scheme == "https" || scheme == "wss" ? 443 : 0;
}

// Whether every reader finds the same host in it: scheme, "://", a host and nothing odd.
bool is_plain(std::string_view text) {
  if (text.size() > kLongest) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == '\\') return false;
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.substr(colon, 3) != "://") return false;
  text.remove_prefix(colon + 3);
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  return !authority.empty() && std::all_of(authority.begin(), authority.end(), [](char c) {
    return is_letter_or_digit(c) || std::string_view("-._:[]").find(c) != std::string_view::npos;
  });
}

std::optional<std::string> part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return std::nullopt;
  return std::unique_ptr<char, Free>(text).get();
}

}  // namespace

std::string Url::origin() const { return fmt::format("{}://{}:{}", scheme, host, port); }

std::string Url::target() const { return query.empty() ? path : path + "?" + query; }

std::string Url::text() const {
  const bool usual = port == default_port(scheme);
  return scheme + "://" + host + (usual ? "" : ":" + std::to_string(port)) + target();
}

std::optional<Url> parse_url(std::string_view text) {
  if (!is_plain(text)) return std::nullopt;
  const std::unique_ptr<CURLU, Free> handle(curl_url());
  // libcurl of Debian 12 knows no WebSocket schemes; their syntax is the same.
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(),
                              CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER) != CURLUE_OK) {
    return std::nullopt;
  }
  Url url;
  url.scheme = lower(part(handle.get(), CURLUPART_SCHEME).value_or(""));
  url.port = default_port(url.scheme);
  const auto host = part(handle.get(), CURLUPART_HOST);
  if (url.port == 0 || !host || host->empty()) return std::nullopt;
  url.host = lower(*host);
  if (const auto port = part(handle.get(), CURLUPART_PORT); port && !port->empty()) {
    const int number = std::atoi(port->c_str());
    if (number < 1 || number > 65535) return std::nullopt;
    url.port = static_cast<uint16_t>(number);
  }
  url.path = part(handle.get(), CURLUPART_PATH).value_or("/");
  url.query = part(handle.get(), CURLUPART_QUERY).value_or("");
  return url;
}

bool is_below(const Url& url, std::string_view domain) {
  if (url.host == domain) return true;
  return url.host.size() > domain.size() && url.host.ends_with(domain) &&
         url.host[url.host.size() - domain.size() - 1] == '.';
}

std::string url_escaped(std::string_view text) {
  if (text == "." || text == "..") return "-";
  std::string out;
  for (const char c : text) {
    const bool plain = is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string form_value(std::string_view form, std::string_view name) {
  for (;;) {
    const size_t end = form.find('&');
    const std::string_view field = form.substr(0, end);
    const size_t equals = field.find('=');
    if (equals != std::string_view::npos && field.substr(0, equals) == name) {
      std::string value(field.substr(equals + 1));
      std::replace(value.begin(), value.end(), '+', ' ');
      int size = 0;
      const std::unique_ptr<char, Free> text(
          curl_easy_unescape(nullptr, value.c_str(), static_cast<int>(value.size()), &size));
      return text ? std::string(text.get(), static_cast<size_t>(size)) : std::string();
    }
    if (end == std::string_view::npos) return "";
    form.remove_prefix(end + 1);
  }
}

}  // namespace ai_bot
