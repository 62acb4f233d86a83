#include "net/url_check.h"

#include <algorithm>

#include "net/url.h"

namespace ai_bot {
namespace {

// The address, were its host written in ASCII letters; what else is wrong with it stays so.
std::string with_ascii_host(std::string url) {
  const size_t mark = url.find("://");
  if (mark == std::string::npos) return url;
  const size_t end = std::min(url.find_first_of("/?#", mark + 3), url.size());
  for (size_t i = mark + 3; i < end; ++i) {
    if (static_cast<unsigned char>(url[i]) >= 0x80) url[i] = 'x';
  }
  return url;
}

}  // namespace

void check_url(Checks& check, const std::string& key, const std::string& value) {
  const auto parsed = parse_url(value);
  const bool fetched = parsed && (parsed->scheme == "http" || parsed->scheme == "https");
  if (value.empty() || (fetched && value.find('#') == std::string::npos)) return;
  if (!parsed && parse_url(with_ascii_host(value))) {
    return check.error(key, "has a host with other letters than ASCII: write it in its xn-- form",
                       "的主机名含有非 ASCII 字符：请写成 xn-- 形式");
  }
  check.error(key, "is not an address like https://host/path (and no user name or password in it)",
              "不是 https://主机/路径 形式的地址（且不能包含用户名或密码）");
}

}  // namespace ai_bot
