// A value that must not be printed: it has no stream operator, and its JSON and log forms do not
// exist.
#pragma once

#include <string>
#include <utility>

namespace ai_bot {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  bool empty() const { return value_.empty(); }
  // Only where the secret is used (a signature, a request's header).
  const std::string& reveal() const { return value_; }
  bool operator==(const Secret&) const = default;

 private:
  std::string value_;
};

}  // namespace ai_bot
