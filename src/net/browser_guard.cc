#include "net/browser_guard.h"

#include <algorithm>

#include "net/address.h"

namespace ai_bot {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// "name" of "name:port", "::1" of "[::1]:port".
std::string_view name_of_host(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool is_json(std::string_view content_type) {
  const std::string type = lower(content_type.substr(0, content_type.find_first_of("; \t")));
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

}  // namespace

bool is_own_host(std::string_view host, const std::vector<std::string>& hosts) {
  const std::string name = lower(name_of_host(host));
  return is_ip_address(name) || name == "localhost" ||
         std::any_of(hosts.begin(), hosts.end(),
                     [&](const std::string& own) { return lower(own) == name; });
}

Result<void> check_browser(const BrowserHeaders& headers, bool has_body,
                           const std::vector<std::string>& hosts) {
  // HTTP/1.0 may come without a Host; no browser speaks it.
  if (!headers.host.empty() && !is_own_host(headers.host, hosts)) {
    return fail(Code::kForbidden,
                "Host: ai_bot does not know itself by this name; add it to server.hosts if it is "
                "yours, or let the proxy send ai_bot's address (nginx does after "
                "proxy_pass http://127.0.0.1:…)",
                "Host：ai_bot 不认识该名称；如属本机请加入 server.hosts，或让代理发送 ai_bot "
                "的地址（nginx 使用 "
                "proxy_pass http://127.0.0.1:… 时即如此）");
  }
  const size_t scheme = headers.origin.find("://");
  const bool same = scheme != std::string::npos &&
                    lower(headers.origin.substr(scheme + 3)) == lower(headers.host);
  if (!headers.origin.empty() && !same) {
    return fail(
        Code::kForbidden,
        "Origin: pages of other sites may not use ai_bot from a browser (behind a proxy, it "
        "must pass the page's own Host on, and server.hosts name it)",
        "Origin：不允许其他网站的页面通过浏览器使用 ai_bot（经代理访问时，代理须转发页面自身的 "
        "Host，并在 server.hosts 中写明）");
  }
  if (has_body && !headers.content_type.empty() && !is_json(headers.content_type)) {
    return fail(Code::kUnsupportedMedia, "Content-Type: must be application/json",
                "Content-Type：必须是 application/json");
  }
  return {};
}

}  // namespace ai_bot
