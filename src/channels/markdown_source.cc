#include "channels/markdown_source.h"

#include <algorithm>
#include <optional>
#include <set>

#include "channels/markdown_lines.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using namespace markdown;

// Definitions carried into other pieces, as a multiple of the text's size.
constexpr size_t kMostCarried = 8;

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
