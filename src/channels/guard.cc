#include "channels/guard.h"

#include <fmt/format.h>

#include <algorithm>

namespace ai_bot {
namespace {

constexpr std::string_view kBacktick = "\u02cb";  // MODIFIER LETTER GRAVE ACCENT
constexpr size_t kShortestScheme = 2;             // as CommonMark has it; "c:" is a drive

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

bool starts_with(std::string_view text, std::string_view start) {
  return text.size() >= start.size() &&
         std::equal(start.begin(), start.end(), text.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool is_open_scheme(std::string_view text) {
  return starts_with(text, "http://") || starts_with(text, "https://") ||
         starts_with(text, "mailto:");
}

char at_or_nul(std::string_view text, size_t at) { return at < text.size() ? text[at] : '\0'; }

// The end of the scheme (RFC 3986, 3.1), behind its ':', of an address that is not open to models:
// "tg:x", but neither "std::" nor the names of arguments ("count: 5", "T:Int"); 0 where none
// begins.
size_t end_of_foreign_scheme(std::string_view text) {
  if (text.empty() || !is_letter(text[0]) || is_open_scheme(text)) return 0;
  size_t end = 1;
  while (end < text.size() && text[end] != '_' &&
         (is_word(text[end]) || text[end] == '+' || text[end] == '-' || text[end] == '.')) {
    ++end;
  }
  if (end < kShortestScheme || at_or_nul(text, end) != ':') return 0;
  const char next = at_or_nul(text, end + 1);
  // What follows the end is not known here.
  const bool named =
      next != '\0' && std::string_view(": \t\n").find(next) != std::string_view::npos;
  return named ? 0 : end + 1;
}

bool is_foreign_autolink(std::string_view text) {
  const size_t end = end_of_foreign_scheme(text);
  return end > 0 && text.substr(end).starts_with('/');
}

// The target of a link, which may stand behind spaces and in "<>".
bool is_foreign_target(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t<");
  return begin != std::string_view::npos && end_of_foreign_scheme(text.substr(begin)) > 0;
}

// How far a backslash, entity or the like could hide a scheme is the platform's guess as well, so a
// text's "](" never stays.
bool breaks_text(std::string_view raw, size_t at, MentionTest is_mention) {
  const char next = at_or_nul(raw, at + 1);
  switch (raw[at]) {
    case '<':
      return is_letter(next) ||
             (next != '\0' && std::string_view("/!?@#:&").find(next) != std::string_view::npos) ||
             is_mention(raw, at);
    case '@':
      return is_mention(raw, at);
    case ']':
      return next == '(' || next == ':';
    default:
      return false;
  }
}

// Whether a third backtick in a row follows.
bool is_fence(std::string_view raw, size_t at) {
  return raw[at] == '`' && at > 0 && raw[at - 1] == '`' && at_or_nul(raw, at + 1) == '`';
}

bool breaks_code(std::string_view raw, size_t at, bool may_define, MentionTest is_mention) {
  const std::string_view rest = raw.substr(at + 1);
  switch (raw[at]) {
    case '<':
      return is_mention(raw, at) || is_foreign_autolink(rest);
    case '@':
      return is_mention(raw, at);
    case ']':
      return (rest.starts_with('(') || (rest.starts_with(':') && may_define)) &&
             is_foreign_target(rest.substr(1));
    case '`':
      return is_fence(raw, at);
    default:
      return false;
  }
}

template <class Breaks>
std::string seamed(std::string_view raw, Breaks breaks) {
  std::string out;
  out.reserve(raw.size());
  for (size_t at = 0; at < raw.size(); ++at) {
    out += raw[at];
    if (breaks(at)) out += kSeam;
  }
  return out;
}

// Percent-encoded where it must be, and where no address has such a character.
template <class Must>
std::string encoded(std::string_view raw, Must must) {
  std::string out;
  for (size_t at = 0; at < raw.size(); ++at) {
    const auto byte = static_cast<unsigned char>(raw[at]);
    if (byte <= ' ' || byte == 0x7f || must(at)) {
      out += fmt::format("%{:02X}", byte);
    } else {
      out += raw[at];
    }
  }
  return out;
}

}  // namespace

bool no_mentions(std::string_view, size_t) { return false; }

bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

bool starts_with_word(std::string_view text, std::string_view word) {
  return starts_with(text, word) && !is_word(at_or_nul(text, word.size()));
}

bool has_attribute(std::string_view text, std::initializer_list<std::string_view> names) {
  if (text.empty() || std::string_view(" \t\n/").find(text[0]) == std::string_view::npos)
    return false;
  const size_t end = std::min(text.find_first_of("<>"), text.size());
  size_t equals = text.find('=');
  // A value may hide what follows it behind a '<'.
  if (equals < end && at_or_nul(text, end) == '<') return true;
  for (; equals < end; equals = text.find('=', equals + 1)) {
    size_t last = equals;
    while (last > 0 && std::string_view(" \t\n").find(text[last - 1]) != std::string_view::npos)
      --last;
    size_t first = last;
    while (first > 0 && is_word(text[first - 1])) --first;
    for (const std::string_view name : names)
      if (starts_with_word(text.substr(first), name)) return true;
  }
  return false;
}

std::string guarded_text(std::string_view raw, MentionTest is_mention) {
  return seamed(raw, [&](size_t at) { return breaks_text(raw, at, is_mention); });
}

std::string guarded_code(std::string_view raw, MentionTest is_mention) {
  constexpr char kNone = '\n';
  char first =
      kNone;  // of the line, behind marks of quotations: '[' begins a definition ("[x]: y")
  return seamed(raw, [&](size_t at) {
    if (raw[at] == '\n') {
      first = kNone;
    } else if (first == kNone && std::string_view(" \t>").find(raw[at]) == std::string_view::npos) {
      first = raw[at];
    }
    return breaks_code(raw, at, first == '[', is_mention);
  });
}

std::string without_fences(std::string_view raw) {
  return seamed(raw, [&](size_t at) { return is_fence(raw, at); });
}

std::string without_backticks(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    if (c == '`') {
      out += kBacktick;
    } else {
      out += c;
    }
  }
  return out;
}

std::string code_span(std::string_view raw, MentionTest is_mention) {
  std::string code = guarded_code(raw, is_mention);
  bool has_single = false, has_double = false;  // a fence has a seam
  for (size_t at = 0, end; (at = code.find('`', at)) != std::string::npos; at = end) {
    end = std::min(code.find_first_not_of('`', at), code.size());
    (end - at == 1 ? has_single : has_double) = true;
  }
  if (has_single && has_double)
    code =
        seamed(code, [&](size_t at) { return code[at] == '`' && at_or_nul(code, at + 1) == '`'; });
  const char* marks = has_single ? "``" : "`";
  const bool padded = code.starts_with('`') || code.ends_with('`');
  return fmt::format("{0}{2}{1}{2}{0}", marks, code, padded ? " " : "");
}

std::optional<std::string> web_address(std::string_view raw) {
  if (!is_open_scheme(raw)) return std::nullopt;
  const bool mail = is_mail(raw);
  if (!mail) {
    const std::string_view host = raw.substr(raw.find("://") + 3);
    // A name before the host is how an address pretends to be another one.
    if (host.substr(0, host.find_first_of("/?#")).find_first_of("@\\") != std::string_view::npos)
      return std::nullopt;
    if (host.empty()) return std::nullopt;
  }
  return encoded(raw, [&](size_t at) {
    return std::string_view("<>\"'`|\\^{}()").find(raw[at]) != std::string_view::npos ||
           (raw[at] == '@' && !mail);
  });
}

std::string bare_address(std::string_view raw, MentionTest is_mention) {
  return encoded(raw, [&](size_t at) {
    const char next = at_or_nul(raw, at + 1);
    return std::string_view("<>\"`\\").find(raw[at]) != std::string_view::npos ||
           (raw[at] == ']' && (next == '(' || next == ':')) ||
           (raw[at] == '@' && is_mention(raw, at));
  });
}

bool is_mail(std::string_view address) { return starts_with(address, "mailto:"); }

}  // namespace ai_bot
