#include "core/id.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <vector>

namespace ai_bot {
namespace {

// Random once and counted from there: unlike a random one it costs no system call.
std::string new_request_id() {
  static const std::string process = random_hex(8);
  static std::atomic<uint64_t> count{0};
  return fmt::format("{}{:08x}", process, count++);
}

}  // namespace

std::string random_hex(int bytes) {
  std::vector<unsigned char> raw(bytes);
  randombytes_buf(raw.data(), raw.size());
  std::string hex(raw.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), raw.data(), raw.size());
  hex.pop_back();
  return hex;
}

std::string request_id_or_new(std::string_view offered) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  };
  const bool usable = !offered.empty() && offered.size() <= 64 &&
                      std::all_of(offered.begin(), offered.end(), allowed);
  return usable ? std::string(offered) : new_request_id();
}

}  // namespace ai_bot
