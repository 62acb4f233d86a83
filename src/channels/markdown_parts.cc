#include "channels/markdown_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/utf8.h"

namespace ai_bot {
namespace {

constexpr size_t kLongestCharacter = 4;  // bytes, of which each counts at least one

// Where a text that must be cut within `head` is best cut.
size_t border_in(std::string_view head, bool only_lines) {
  if (only_lines) {
    const size_t at = head.rfind('\n');
    return at == std::string_view::npos || at == 0 ? head.size() : at + 1;
  }
  for (const std::string_view border : {"\n", "。", ". ", " "}) {
    const size_t at = head.rfind(border);
    if (at != std::string_view::npos && at >= head.size() / 2) return at + border.size();
  }
  return head.size();
}

}  // namespace

MarkdownParts::MarkdownParts(const Dialect& dialect, size_t most_parts)
    : dialect_(dialect), most_parts_(std::max<size_t>(most_parts, 1)) {
  note_ = "\n\n" + dialect_.escape(fmt::format(
                       "… (cut: longer than {0} messages) / （过长，已截断：最多 {0} 条消息）",
                       most_parts_));
  note_size_ = dialect_.size(note_);
  if (note_size_ > dialect_.most / 2) note_.clear(), note_size_ = 0;
}

// Of the message that is begun now; the last one keeps a place for the note.
size_t MarkdownParts::room() const {
  return parts_.size() + 1 >= most_parts_ ? dialect_.most - note_size_ : dialect_.most;
}

// Ends the message; false if it was the last one.
bool MarkdownParts::flush() {
  if (!part_.empty()) parts_.push_back(std::move(part_));
  part_.clear();
  return !full();
}

void MarkdownParts::begin_part(std::string text) {
  part_ = std::move(text);
  part_size_ = dialect_.size(part_);
}

void MarkdownParts::add(const Block& block) {
  if (trim(block.text).empty()) return;
  if (full()) {
    cut_ = true;
    return;
  }
  const size_t size = dialect_.size(block.text);
  if (!part_.empty()) {
    const std::string_view gap = block.tight ? "\n" : "\n\n";
    const size_t longer = part_size_ + dialect_.size(gap) + size;
    if (longer <= room()) {
      part_.append(gap).append(block.text);
      part_size_ = longer;
      return;
    }
    if (!flush()) {
      cut_ = true;
      return;
    }
  }
  if (size <= room()) return begin_part(block.text);
  cut(block);
}

void MarkdownParts::cut(const Block& block) {
  for (std::string_view rest = block.raw; !trim(rest).empty();) {
    if (!part_.empty() && !flush()) {
      cut_ = true;
      return;
    }
    begin_part(take_piece(rest, block));
  }
}

// The longest beginning of the text that fits into a message, written.
std::string MarkdownParts::take_piece(std::string_view& rest, const Block& block) const {
  const auto written = [&](std::string_view piece) {
    if (!block.write) return dialect_.escape(trim(piece));
    if (piece.ends_with('\n')) piece.remove_suffix(1);
    return trim(piece).empty() ? "" : block.write(piece);
  };
  const auto fits = [&](size_t bytes) {
    return dialect_.size(written(truncate_utf8(rest, bytes))) <= room();
  };
  size_t good = std::min(rest.size(), kLongestCharacter * room());
  if (!fits(good)) {
    size_t bad = good;
    for (good = 0; bad - good > 1;) {
      const size_t middle = good + (bad - good) / 2;
      (fits(middle) ? good : bad) = middle;
    }
  }
  std::string_view head = truncate_utf8(rest, good);
  if (head.empty()) head = truncate_utf8(rest, kLongestCharacter);  // a message of no size
  if (head.size() < rest.size()) head = head.substr(0, border_in(head, block.write != nullptr));
  rest.remove_prefix(head.size());
  return written(head);
}

std::vector<std::string> MarkdownParts::take() {
  flush();
  if (cut_ && !parts_.empty()) parts_.back() += note_;
  return std::move(parts_);
}

}  // namespace ai_bot
