// What the checks of all sections share: findings about a key, and forms that many keys have.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/finding.h"
#include "config/units.h"

namespace ai_bot {

// Characters of a secret that signs; HMAC-SHA256 wants its key hard to guess (RFC 2104, 3).
constexpr size_t kLeastSecret = 16;

// At most 64 of a-z, 0-9, '-' and '_', beginning with a letter or digit: fit for an address and a
// label.
bool is_plain_name(const std::string& name);

class Checks {
 public:
  // `lines`: where each key stood in `file`. Both and `findings` outlive the checks.
  Checks(const std::string& file, const std::map<std::string, int>& lines,
         std::vector<Finding>& findings)
      : file_(file), lines_(lines), findings_(findings) {}

  void warning(const std::string& key, std::string en, std::string zh);
  // Unless the key's value could not be read in the first place.
  void error(const std::string& key, std::string en, std::string zh);
  // An error "is missing: why" unless it is `given`.
  void needs(bool given, const std::string& key, const std::string& why_en,
             const std::string& why_zh);
  // A wait that grows from the one to the other.
  void in_order(const std::string& key, Duration least, Duration most);

  // Of the entries of a list: plain names, each different.
  template <class T>
  void names(const std::string& list, const std::vector<T>& entries) {
    std::set<std::string> seen;
    for (size_t i = 0; i < entries.size(); ++i)
      name(fmt::format("{}[{}].name", list, i), entries[i].name, seen);
  }

 private:
  void name(const std::string& key, const std::string& value, std::set<std::string>& seen);
  void add(bool is_error, const std::string& key, std::string en, std::string zh);
  int line_of(std::string key) const;

  const std::string& file_;
  const std::map<std::string, int>& lines_;
  std::vector<Finding>& findings_;
};

}  // namespace ai_bot
