#include "channels/markdown_source.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/utf8.h"

namespace ai_bot {
namespace {

// Bytes of a line that begins code, and of the two that begin a table, which later pieces repeat.
constexpr size_t kLongestFence = 64, kLongestHead = 2000;
constexpr size_t kLongestLabel = 200;
// Definitions carried into other pieces, as a multiple of the text's size.
constexpr size_t kMostCarried = 8;

bool is_space(char c) { return c == ' ' || c == '\t'; }

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

// The line, with the first marker that would be too deep made text.
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

// The fence a line begins or ends code with, or nothing.
std::string_view fence_of(std::string_view line) {
  const size_t begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos || begin > 3) return {};
  line.remove_prefix(begin);
  if (line[0] != '`' && line[0] != '~') return {};
  const size_t size = std::min(line.find_first_not_of(line[0]), line.size());
  const bool is_code = line[0] == '`' && line.find('`', size) != std::string_view::npos;
  return size < 3 || is_code ? std::string_view() : line.substr(0, size);
}

// Whether code that `opening` began ends at this line.
bool closes(std::string_view opening, std::string_view line) {
  const std::string_view open = fence_of(opening), close = fence_of(line);
  if (close.empty() || close[0] != open[0] || close.size() < open.size()) return false;
  line.remove_prefix(line.find(close[0]) + close.size());
  return line.find_first_not_of(" \t\n") == std::string_view::npos;
}

bool looks_like_fence(std::string_view text) {
  return text.starts_with("```") || text.starts_with("~~~");
}

// Whether the parser may be in code where follow() is in none, or the other way round, after a line
// that led from `before` to `after`: there are code and HTML in lists and quotations, and code that
// ends with its list.
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

// As labels are compared.
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

// The label of a definition of one line ("[1]: https://a.example"), or nothing. Stricter than the
// parser, for what is carried must not be shown.
std::string label_of_definition(std::string_view line) {
  const size_t begin = line.find_first_not_of(' ');
  if (begin > 3 || line[begin] != '[' || line.size() > kLongestHead) return "";
  const size_t end = line.find_first_of("[]\\", begin + 1);
  if (end == std::string_view::npos || !line.substr(end).starts_with("]:")) return "";
  std::string_view rest = trim(line.substr(end + 2));
  const std::string_view address = rest.substr(0, rest.find_first_of(" \t"));
  if (!is_plain_address(address)) return "";
  rest.remove_prefix(address.size());
  return end - begin <= kLongestLabel && is_title(rest)
             ? normal_label(line.substr(begin + 1, end - begin - 1))
             : "";
}

bool is_mark(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 && byte != ' ' && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
         !(c >= 'a' && c <= 'z');
}

size_t marks_in(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), is_mark));
}

std::string with_line_feeds(std::string_view markdown) {
  std::string text;
  text.reserve(markdown.size());
  for (size_t at = 0; at < markdown.size(); ++at) {
    if (markdown[at] != '\r') {
      text += markdown[at];
    } else if (at + 1 == markdown.size() || markdown[at + 1] != '\n') {
      text += '\n';
    }
  }
  return text;
}

}  // namespace

MarkdownSource::MarkdownSource(std::string_view markdown)
    : text_(with_line_feeds(markdown)), most_carried_(kMostCarried * text_.size()) {
  std::string fence;
  bool may_define = true;  // no paragraph goes on here
  for (size_t at = 0; at < text_.size();) {
    const size_t end = std::min(text_.find('\n', at), text_.size() - 1) + 1;
    const std::string_view line = std::string_view(text_).substr(at, end - at);
    if (!fence.empty()) {
      if (closes(fence, line)) fence.clear();
    } else if (!fence_of(line).empty()) {
      fence = truncate_utf8(line, kLongestFence);
      may_define = true;
    } else {
      const std::string label = may_define ? label_of_definition(line) : "";
      if (!label.empty()) definitions_.try_emplace(label, Definition{at, line.size()});
      may_define = !label.empty() || trim(line).empty();
    }
    at = end;
  }
}

// The definitions the piece uses of those that stand elsewhere, to stand before it.
std::string MarkdownSource::definitions_of(std::string_view piece, size_t begin) {
  std::string out;
  if (definitions_.empty()) return out;
  std::set<size_t> carried;
  for (size_t open = piece.find('['); open != std::string_view::npos;) {
    const size_t end = piece.find_first_of("[]", open + 1);
    if (end == std::string_view::npos) break;
    if (piece[end] == ']' && end - open <= kLongestLabel) {
      const auto found = definitions_.find(normal_label(piece.substr(open + 1, end - open - 1)));
      if (found != definitions_.end()) {
        const auto [at, size] = found->second;
        const bool elsewhere = at < begin || at >= state_.at;
        if (elsewhere && size < most_carried_ && carried.insert(at).second) {
          most_carried_ -= size;
          out.append(trim(std::string_view(text_).substr(at, size))) += '\n';
        }
      }
    }
    open = piece[end] == '[' ? end : piece.find('[', end);
  }
  return out.empty() ? out : out + '\n';
}

// The next line, with its end; of a line that has more marks than half a piece, a part.
std::string_view MarkdownSource::take_line() {
  const std::string_view rest = std::string_view(text_).substr(state_.at);
  size_t end = 0;
  for (size_t marks = 0; end < rest.size() && marks < kPiece / 2;) {
    marks += is_mark(rest[end]) ? 1 : 0;
    if (rest[end++] == '\n') break;
  }
  state_.at += end;
  return rest.substr(0, end);
}

// Whether `line`, just taken, is one and no part of it.
bool MarkdownSource::is_whole(std::string_view line) const {
  const size_t begin = state_.at - line.size();
  return (begin == 0 || text_[begin - 1] == '\n') &&
         (line.ends_with('\n') || state_.at == text_.size());
}

// Code that begins at the margin, if it is next, into a piece of its own, whatever its size: so the
// parser is certain to take it for code too, and nothing in it needs a bound.
bool MarkdownSource::take_code(std::string& piece) {
  const std::string_view rest = std::string_view(text_).substr(state_.at);
  const bool begins_line = state_.at == 0 || text_[state_.at - 1] == '\n';
  const std::string_view opening = rest.substr(0, rest.find('\n'));
  if (!begins_line || !state_.fence.empty() || !opens_at_margin(opening)) return false;
  size_t end = std::min(opening.size() + 1, rest.size());
  while (end < rest.size()) {
    const std::string_view line = rest.substr(end, rest.find('\n', end) - end);
    end = std::min(end + line.size() + 1, rest.size());
    if (closes(opening, line)) break;
  }
  piece = rest.substr(0, end);
  state_ = State{state_.at + end, "", "", ""};
  return true;
}

void MarkdownSource::follow(std::string_view line) {
  const bool whole = is_whole(line);
  if (!state_.fence.empty()) {
    if (whole && closes(state_.fence, line)) state_.fence.clear();
  } else if (whole && !fence_of(line).empty()) {
    state_.fence = truncate_utf8(line, kLongestFence);
    state_.head.clear();
  } else if (line.find('|') == std::string_view::npos) {
    state_.head.clear();
  } else if (is_delimiter_row(line) && state_.line.size() + line.size() <= kLongestHead) {
    state_.head = state_.line + std::string(line);
  }
  state_.line = truncate_utf8(line, kLongestHead + 1);
}

bool MarkdownSource::next(std::string& piece) {
  const size_t begin = state_.at;
  if (begin == text_.size()) return false;
  if (take_code(piece)) return true;
  piece = state_.fence.empty() ? state_.head : state_.fence;
  if (!piece.empty() && piece.back() != '\n') piece += '\n';
  size_t marks = marks_in(piece);
  struct Border {
    State state;
    size_t size;
  };
  std::optional<Border> between_blocks, between_lines;
  bool in_doubt = false;  // whether the parser knows code where follow() does
  while (state_.at < text_.size()) {
    const State before = state_;
    const std::string_view line = take_line();
    const bool whole = is_whole(line);
    if (before.fence.empty() && before.at > begin && whole && opens_at_margin(line)) {
      state_ = before;
      break;
    }
    const bool outer = before.fence.empty() && !is_space(line.front()) && line.front() != '\n';
    if (outer && marks >= kPiece / 2) {
      if (trim(before.line).empty()) {
        between_blocks = Border{before, piece.size()};
      } else if (before.head.empty()) {
        between_lines = Border{before, piece.size()};
      }
    }
    marks += marks_in(line);
    if (marks > kPiece && before.at > begin) {
      Border border{before, piece.size()};
      if (between_lines) border = std::move(*between_lines);
      if (between_blocks) border = std::move(*between_blocks);
      state_ = std::move(border.state);
      piece.resize(border.size);
      break;
    }
    follow(line);
    in_doubt = in_doubt || !whole || is_doubtful(line, before.fence, state_.fence);
    if (!before.fence.empty() && !in_doubt) {
      piece += line;
      continue;
    }
    const auto bars = static_cast<size_t>(std::count(line.begin(), line.end(), '|'));
    if (bars > (before.fence.empty() ? kMostBars : kMostBarsInCode)) piece += '\n';
    piece += bounded(line, whole);
  }
  piece.insert(0, definitions_of(piece, begin));
  return true;
}

}  // namespace ai_bot
