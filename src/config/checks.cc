#include "config/checks.h"

#include <algorithm>
#include <regex>

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

void Checks::add(bool is_error, const std::string& key, std::string en, std::string zh) {
  findings_.push_back({is_error, file_, line_of(key), key, {std::move(en), std::move(zh)}});
}

void Checks::warning(const std::string& key, std::string en, std::string zh) {
  add(false, key, std::move(en), std::move(zh));
}

void Checks::error(const std::string& key, std::string en, std::string zh) {
  const bool known = std::any_of(findings_.begin(), findings_.end(),
                                 [&](const Finding& f) { return f.is_error && f.key == key; });
  if (!known) add(true, key, std::move(en), std::move(zh));
}

// The key's own line, or that of the nearest part around it.
int Checks::line_of(std::string key) const {
  for (;;) {
    if (const auto at = lines_.find(key); at != lines_.end()) return at->second;
    const size_t cut = key.find_last_of(".[");
    if (cut == std::string::npos) return 0;
    key.resize(cut);
  }
}

void Checks::name(const std::string& key, const std::string& value, std::set<std::string>& seen) {
  if (!is_plain_name(value)) {
    error(key, fmt::format("'{}' is not a name: use 1 to 64 of a-z, 0-9, '-' and '_'", value),
          fmt::format("“{}”不是有效名称：请用 1 到 64 个小写字母、数字、“-”或“_”", value));
  } else if (!seen.insert(value).second) {
    error(key, fmt::format("'{}' is there twice: each name must be different", value),
          fmt::format("“{}”重复：每个名称必须不同", value));
  }
}

void Checks::needs(bool given, const std::string& key, const std::string& why_en,
                   const std::string& why_zh) {
  if (!given) error(key, "is missing: " + why_en, "缺失：" + why_zh);
}

void Checks::url(const std::string& key, const std::string& value) {
  const auto parsed = parse_url(value);
  const bool fetched = parsed && (parsed->scheme == "http" || parsed->scheme == "https");
  if (value.empty() || (fetched && value.find('#') == std::string::npos)) return;
  if (!parsed && parse_url(with_ascii_host(value))) {
    return error(key, "has a host with other letters than ASCII: write it in its xn-- form",
                 "的主机名含有非 ASCII 字符：请写成 xn-- 形式");
  }
  error(key, "is not an address like https://host/path (and no user name or password in it)",
        "不是 https://主机/路径 形式的地址（且不能包含用户名或密码）");
}

bool is_plain_name(const std::string& name) {
  static const std::regex pattern("[a-z0-9][a-z0-9_-]{0,63}");
  return name.size() <= 64 && std::regex_match(name, pattern);
}

}  // namespace ai_bot
