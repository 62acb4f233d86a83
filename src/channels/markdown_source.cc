#include "channels/markdown_source.h"

#include <algorithm>
#include <optional>

#include "core/utf8.h"

namespace ai_bot {
namespace {

// Bytes of a line that begins code, and of the two that begin a table, which later pieces repeat.
constexpr size_t kLongestFence = 64, kLongestHead = 2000;

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

// The line, with the first marker that would be too deep made text.
std::string bounded(std::string_view line) {
  size_t count = 0;
  for (size_t at = 0; at < line.size();) {
    if (is_space(line[at])) {
      ++at;
      continue;
    }
    const size_t size = marker_at(line, at);
    if (size == 0) break;
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
  return !close.empty() && close[0] == open[0] && close.size() >= open.size() &&
         trim(line).size() == close.size();
}

bool is_delimiter_row(std::string_view line) {
  return line.find('|') != std::string_view::npos && line.find('-') != std::string_view::npos &&
         line.find_first_not_of("|-: \t\n") == std::string_view::npos;
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

MarkdownSource::MarkdownSource(std::string_view markdown) : text_(with_line_feeds(markdown)) {}

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

void MarkdownSource::follow(std::string_view line) {
  if (!state_.fence.empty()) {
    if (closes(state_.fence, line)) state_.fence.clear();
  } else if (!fence_of(line).empty()) {
    state_.fence = truncate_utf8(line, kLongestFence);
    state_.head.clear();
  } else if (trim(line).empty()) {
    state_.head.clear();
  } else if (is_delimiter_row(line) && state_.line.size() + line.size() <= kLongestHead) {
    state_.head = state_.line + std::string(line);
  }
  state_.line = truncate_utf8(line, kLongestHead + 1);
}

bool MarkdownSource::next(std::string& piece) {
  const size_t begin = state_.at;
  if (begin == text_.size()) return false;
  piece = state_.fence.empty() ? state_.head : state_.fence;
  if (!piece.empty() && piece.back() != '\n') piece += '\n';
  size_t marks = marks_in(piece);
  struct Border {
    State state;
    size_t size;
  };
  std::optional<Border> between_blocks, between_lines;
  while (state_.at < text_.size()) {
    const State before = state_;
    const std::string_view line = take_line();
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
    const auto bars = static_cast<size_t>(std::count(line.begin(), line.end(), '|'));
    if (bars > (before.fence.empty() ? kMostBars : kMostBarsInCode)) piece += '\n';
    piece += bounded(line);
    follow(line);
  }
  return true;
}

}  // namespace ai_bot
