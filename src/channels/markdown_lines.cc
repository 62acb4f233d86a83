#include "channels/markdown_lines.h"

#include <algorithm>

#include "channels/markdown_source.h"
#include "core/utf8.h"

namespace ai_bot::markdown {
namespace {

bool ends_marker(std::string_view line, size_t at) {
  return at >= line.size() || line[at] == '\n' || is_space(line[at]);
}

// The length of a quotation's or list item's marker at `at`, or 0.
size_t marker_at(std::string_view line, size_t at) {
  if (line[at] == '>') return 1;
  if (std::string_view("-+*").find(line[at]) != std::string_view::npos)
    return ends_marker(line, at + 1) ? 1 : 0;
  size_t end = at;
  while (end < line.size() && line[end] >= '0' && line[end] <= '9') ++end;
  const bool numbered = end > at && end < line.size() && (line[end] == '.' || line[end] == ')') &&
                        ends_marker(line, end + 1);
  return numbered ? end + 1 - at : 0;
}

// A thematic break ("* * *"), which is no list.
bool is_rule(std::string_view text) {
  const char mark = text[0];
  return (mark == '*' || mark == '-') && std::count(text.begin(), text.end(), mark) >= 3 &&
         std::all_of(text.begin(), text.end(),
                     [mark](char c) { return c == mark || c == '\n' || is_space(c); });
}

bool looks_like_fence(std::string_view text) {
  return text.starts_with("```") || text.starts_with("~~~");
}

// Whether it is what may follow the address of a definition: nothing, or a title.
bool is_title(std::string_view text) {
  text = trim(text);
  if (text.empty()) return true;
  const char close = text[0] == '(' ? ')' : text[0];
  return text.size() > 2 && (text[0] == '"' || text[0] == '\'' || text[0] == '(') &&
         text.find_first_of(std::string{text[0], close, '\\'}, 1) == text.size() - 1 &&
         text.back() == close;
}

// An address as the parser reads it whole: in "<>", or with its brackets in pairs.
bool is_plain_address(std::string_view address) {
  const bool wrapped = address.size() > 2 && address.starts_with('<') && address.ends_with('>');
  if (wrapped) address = address.substr(1, address.size() - 2);
  if (address.empty() || address.find_first_of("<>\\") != std::string_view::npos) return false;
  int depth = 0;
  for (const char c : address) {
    if (static_cast<unsigned char>(c) <= ' ' || depth < 0) return false;
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
  }
  return wrapped || depth == 0;
}

}  // namespace

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string bounded(std::string_view line, bool whole) {
  size_t count = 0;
  for (size_t at = 0; at < line.size();) {
    if (is_space(line[at])) {
      ++at;
      continue;
    }
    const size_t size = marker_at(line, at);
    if (size == 0 || (whole && is_rule(line.substr(at)))) break;
    at += size;
    if (++count <= MarkdownSource::kDeepest) continue;
    std::string out(line);
    return out.insert(at - 1, 1, '\\');
  }
  return std::string(line);
}

std::string_view fence_of(std::string_view line) {
  const size_t begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos || begin > 3) return {};
  line.remove_prefix(begin);
  if (line[0] != '`' && line[0] != '~') return {};
  const size_t size = std::min(line.find_first_not_of(line[0]), line.size());
  const bool is_code = line[0] == '`' && line.find('`', size) != std::string_view::npos;
  return size < 3 || is_code ? std::string_view() : line.substr(0, size);
}

bool closes(std::string_view opening, std::string_view line) {
  const std::string_view open = fence_of(opening), close = fence_of(line);
  if (close.empty() || close[0] != open[0] || close.size() < open.size()) return false;
  line.remove_prefix(line.find(close[0]) + close.size());
  return line.find_first_not_of(" \t\n") == std::string_view::npos;
}

bool is_doubtful(std::string_view line, std::string_view before, std::string_view after) {
  size_t at = line.find_first_not_of(" \t\n");
  if (at == std::string_view::npos) return false;
  if (!before.empty()) {
    const bool deep = line.find('\t') < at || at >= before.find_first_not_of(' ');
    return !deep || (!after.empty() && looks_like_fence(line.substr(at)));
  }
  if (!after.empty()) return line.size() > kLongestFence;
  for (size_t size = 1; at < line.size() && size > 0; at += size)
    size = is_space(line[at]) ? 1 : marker_at(line, at);
  return at < line.size() && (line[at] == '<' || looks_like_fence(line.substr(at)));
}

bool opens_at_margin(std::string_view line) {
  return !line.starts_with(' ') && !fence_of(line).empty();
}

bool is_delimiter_row(std::string_view line) {
  return line.find('|') != std::string_view::npos && line.find('-') != std::string_view::npos &&
         line.find_first_not_of("|-: \t\n") == std::string_view::npos;
}

std::string normal_label(std::string_view label) {
  std::string out;
  for (const char c : trim(label)) {
    const bool space = is_space(c) || c == '\n';
    if (!space) {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

std::string label_of_definition(std::string_view line) {
  const size_t begin = line.find_first_not_of(' ');
  if (begin > 3 || line[begin] != '[' || line.size() > kLongestHead) return "";
  const size_t end = line.find_first_of("[]\\", begin + 1);
  if (end == std::string_view::npos || !line.substr(end).starts_with("]:")) return "";
  std::string_view rest = trim(line.substr(end + 2));
  const std::string_view address = rest.substr(0, rest.find_first_of(" \t"));
  if (!is_plain_address(address)) return "";
  const bool footnote = line[begin + 1] == '^' && !address.starts_with("http");
  if (footnote) return "";
  rest.remove_prefix(address.size());
  return end - begin <= kLongestLabel && is_title(rest)
             ? normal_label(line.substr(begin + 1, end - begin - 1))
             : "";
}

}  // namespace ai_bot::markdown
