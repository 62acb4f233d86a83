#include "core/utf8.h"

namespace ai_bot {
namespace {

// Length and lower bound of a sequence by its first byte; length 0: no sequence starts so.
struct Lead {
  int length;
  uint32_t bits;
  uint32_t least;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return {2, byte & 0x1Fu, 0x80};
  if (byte >= 0xE0 && byte <= 0xEF) return {3, byte & 0x0Fu, 0x800};
  if (byte >= 0xF0 && byte <= 0xF4) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

}  // namespace

uint32_t next_code_point(std::string_view utf8, size_t& at) {
  const Lead lead = lead_of(static_cast<unsigned char>(utf8[at]));
  const size_t start = at++;
  if (lead.length == 0 || start + lead.length > utf8.size()) return kReplacementCharacter;
  uint32_t code = lead.bits;
  for (int i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<unsigned char>(utf8[start + i]);
    if ((byte & 0xC0) != 0x80) return kReplacementCharacter;
    code = code << 6 | (byte & 0x3F);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < lead.least || code > 0x10FFFF || surrogate) return kReplacementCharacter;
  at = start + lead.length;
  return code;
}

bool is_cjk(uint32_t c) {
  return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF00 && c <= 0xFFEF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_valid_utf8(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const size_t start = at;
    if (next_code_point(bytes, at) == kReplacementCharacter && bytes.substr(start, 3) != "\uFFFD") {
      return false;
    }
  }
  return true;
}

bool is_line_break(uint32_t c) {
  return (c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

bool is_control(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF ||
         (c >= 0xE0000 && c <= 0xE007F);
}

std::string one_line(std::string_view utf8, size_t max_bytes) {
  std::string out;
  const std::string_view text = truncate_utf8(utf8, max_bytes);
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const bool control = is_control(next_code_point(text, at));
    if (control) {
      out += ' ';
    } else {
      out += text.substr(start, at - start);
    }
  }
  return std::string(trim(out));
}

std::string_view truncate_utf8(std::string_view utf8, size_t max_bytes) {
  if (utf8.size() <= max_bytes) return utf8;
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(utf8[end]) & 0xC0) == 0x80) --end;
  return utf8.substr(0, end);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kIdeographicSpace = "\u3000";
  while (!text.empty()) {
    if (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r')) {
      text.remove_prefix(1);
    } else if (text.starts_with(kIdeographicSpace)) {
      text.remove_prefix(kIdeographicSpace.size());
    } else {
      break;
    }
  }
  while (!text.empty()) {
    if (text.back() == ' ' || (text.back() >= '\t' && text.back() <= '\r')) {
      text.remove_suffix(1);
    } else if (text.ends_with(kIdeographicSpace)) {
      text.remove_suffix(kIdeographicSpace.size());
    } else {
      break;
    }
  }
  return text;
}

}  // namespace ai_bot
