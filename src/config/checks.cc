#include "config/checks.h"

#include <algorithm>
#include <regex>

namespace ai_bot {

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

void Checks::in_order(const std::string& key, Duration least, Duration most) {
  if (least > most)
    error(key, "the first wait is longer than the longest one", "首次等待大于等待上限");
}

bool is_plain_name(const std::string& name) {
  static const std::regex pattern("[a-z0-9][a-z0-9_-]{0,63}");
  return name.size() <= 64 && std::regex_match(name, pattern);
}

}  // namespace ai_bot
