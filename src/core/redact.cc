#include "core/redact.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cctype>
#include <deque>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace ai_bot {
namespace {

// More than a configuration has; a reload may bring others. A log line is searched for all of them.
constexpr size_t kMostSecrets = 5000;
// Tokens live for hours: more than are fetched meanwhile.
constexpr size_t kMostTokens = 200;
// A segment of a path that is so long and has letters and digits is a key, not a name.
constexpr size_t kShortestKey = 16;
// Random base 64 changes between small and capital letters and digits at every second place,
// hexadecimal digits nearly so; in names it is every sixth at most.
constexpr size_t kPairsAChange = 4;

using Values = std::deque<std::string>;  // oldest first

struct Registry {
  std::shared_mutex mutex;
  Values secrets, tokens;
};

Registry& registry() {
  static Registry one;
  return one;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
  std::string out(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), kVariant);
  out.resize(out.find('\0'));
  return out;
}

bool looks_like_a_key(std::string_view segment) {
  return segment.size() >= kShortestKey && std::any_of(segment.begin(), segment.end(), is_letter) &&
         std::any_of(segment.begin(), segment.end(), is_digit);
}

// Masked wherever they stand are only values that are certainly no words: a deployment's name or a
// date would make logs unreadable. In random letters and digits the kind changes at every second
// place; in names (gpt-4o-2024-08-06, DeepSeekV3Prod) seldom. A long one of hexadecimal digits
// alone is one, too.
bool is_random(std::string_view text) {
  if (!looks_like_a_key(text)) return false;
  const auto kind = [](char c) {
    return is_digit(c) ? '0' : c >= 'a' && c <= 'z' ? 'a' : is_letter(c) ? 'A' : '-';
  };
  size_t changes = 0, pairs = 0, hex = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    hex += std::isxdigit(static_cast<unsigned char>(text[i])) != 0 ? 1 : 0;
    if (i == 0 || kind(text[i]) == '-' || kind(text[i - 1]) == '-') continue;
    ++pairs;
    const bool is_capital_word = kind(text[i - 1]) == 'A' && kind(text[i]) == 'a';
    changes += kind(text[i]) != kind(text[i - 1]) && !is_capital_word ? 1 : 0;
  }
  return hex == text.size() || changes * kPairsAChange > pairs;
}

// Whether a parameter of this name holds a secret: by its last word (api-key, X-Amz-Signature,
// accessToken), or the end of it (apikey).
bool names_a_secret(std::string_view name) {
  std::string last;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool is_hump = i > 0 && name[i] >= 'A' && name[i] <= 'Z' && name[i - 1] >= 'a';
    if (!is_letter(name[i]) || is_hump) last.clear();
    if (is_letter(name[i])) last += static_cast<char>(name[i] | 0x20);
  }
  for (const std::string_view word : {"sig", "sign", "code", "pass", "pwd", "auth", "credential"}) {
    if (last == word) return true;
  }
  for (const std::string_view word :
       {"key", "token", "secret", "signature", "password", "passwd"}) {
    if (last.ends_with(word)) return true;
  }
  return false;
}

// An address within a text, cut at the ends of its parts.
struct Parts {
  std::string_view user_info, host, path, query;
};

// What follows "://" up to a character that ends an address in running text.
Parts parts_of(std::string_view rest) {
  Parts parts;
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) parts.user_info = authority.substr(0, at);
  parts.host = authority.substr(at == std::string_view::npos ? 0 : at + 1);
  rest.remove_prefix(authority.size());
  const size_t query = rest.find_first_of("?#");
  parts.path = rest.substr(0, query);
  if (query != std::string_view::npos) parts.query = rest.substr(query + 1);
  return parts;
}

void for_each_segment(std::string_view path, const std::function<void(std::string_view)>& use) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const std::string_view segment = path.substr(0, path.find('/'));
    use(segment);
    path.remove_prefix(segment.size());
  }
}

std::string shown(const Parts& parts) {
  std::string out;
  if (!parts.user_info.empty()) out += std::string(kMasked) + "@";
  out += parts.host;
  for_each_segment(parts.path, [&](std::string_view segment) {
    out += '/';
    out += looks_like_a_key(segment) ? kMasked : segment;
  });
  if (!parts.query.empty()) out += "?" + std::string(kMasked);
  return out;
}

// Ends an address wherever it stands, also in the midst of a Chinese sentence.
size_t end_of_word(std::string_view text) {
  size_t end = std::min(text.find_first_of(" \t\r\n\v\f\"'`<>"), text.size());
  for (const std::string_view mark : {"，", "。", "；", "：", "、", "（", "）", "“", "”", "‘", "’"})
    end = std::min(text.find(mark), end);
  return end;
}

// Where the address ends that begins `rest`. A comma or bracket ends its host and its path, as they
// do in running text; its user info and its query may have any of them, and must not be shown.
size_t end_of_address(std::string_view rest) {
  rest = rest.substr(0, end_of_word(rest));
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const size_t at = authority.rfind('@');
  const size_t end =
      std::min(rest.find_first_of("()|,;", at == std::string_view::npos ? 0 : at), rest.size());
  return rest.find_first_of("?#") < end ? rest.size() : end;
}

std::string without_address_secrets(std::string_view text) {
  std::string out;
  for (;;) {
    const size_t mark = text.find("://");
    if (mark == std::string_view::npos) return out.append(text);
    const size_t begin = mark + 3;
    const size_t end = begin + end_of_address(text.substr(begin));
    out.append(text.substr(0, begin));
    out += shown(parts_of(text.substr(begin, end - begin)));
    text.remove_prefix(end);
  }
}

// Where secrets overlap (one begins another) all that belongs to any of them is hidden.
void hide(const Values& values, std::string_view text, std::vector<bool>& hidden) {
  for (const std::string& value : values) {
    for (size_t at = 0; (at = text.find(value, at)) != std::string::npos; ++at)
      std::fill_n(hidden.begin() + static_cast<std::ptrdiff_t>(at), value.size(), true);
  }
}

std::string without_kept_secrets(const std::string& text) {
  std::vector<bool> hidden(text.size());
  Registry& all = registry();
  {
    std::shared_lock lock(all.mutex);
    hide(all.secrets, text, hidden);
    hide(all.tokens, text, hidden);
  }
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!hidden[i]) {
      out += text[i];
    } else if (i == 0 || !hidden[i - 1]) {
      out += kMasked;
    }
  }
  return out;
}

void keep(Values& values, size_t most, std::string_view value) {
  if (value.size() < kShortestSecret) return;
  for (std::string form : {std::string(value), percent_encoded(value)}) {
    if (std::find(values.begin(), values.end(), form) != values.end()) continue;
    if (values.size() == most) values.pop_front();
    values.push_back(std::move(form));
  }
}

}  // namespace

void keep_secret(std::string_view value) {
  Registry& all = registry();
  std::unique_lock lock(all.mutex);
  keep(all.secrets, kMostSecrets, value);
}

void keep_token(std::string_view value) {
  Registry& all = registry();
  std::unique_lock lock(all.mutex);
  keep(all.tokens, kMostTokens, value);
}

void keep_secrets_of_address(std::string_view address) {
  const size_t mark = address.find("://");
  // A proxy may be written without its scheme.
  const Parts parts = parts_of(mark == std::string_view::npos ? address : address.substr(mark + 3));
  keep_secret(parts.user_info);
  keep_secret(base64(parts.user_info));  // as a Proxy-Authorization header has it
  if (const size_t colon = parts.user_info.find(':'); colon != std::string_view::npos)
    keep_secret(parts.user_info.substr(colon + 1));
  for_each_segment(parts.path, [](std::string_view segment) {
    if (is_random(segment)) keep_secret(segment);
  });
  for (std::string_view query = parts.query; !query.empty();) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? pair : pair.substr(equals + 1);
    if (names_a_secret(pair.substr(0, equals)) || is_random(value)) keep_secret(value);
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
}

std::string redacted_address(std::string_view address) {
  const size_t mark = address.find("://");
  const size_t begin = mark == std::string_view::npos ? 0 : mark + 3;
  return std::string(address.substr(0, begin)) +
         without_kept_secrets(shown(parts_of(address.substr(begin))));
}

std::string redacted(std::string_view text) {
  return without_kept_secrets(without_address_secrets(text));
}

}  // namespace ai_bot
