#include "channels/markdown_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/text_borders.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

constexpr size_t kLongestCharacter = 4;  // bytes, of which each counts at least one
// What is longer than a message begins in the one before if this part of it is free.
constexpr size_t kFreeToFill = 4, kFreeToFillInFull = 16;

std::string_view gap(bool tight) { return tight ? "\n" : "\n\n"; }

}  // namespace

MarkdownParts::MarkdownParts(const Dialect& dialect, size_t most_parts, bool full)
    : dialect_(&dialect), most_parts_(std::max<size_t>(most_parts, 1)), full_(full) {
  note_ = "\n\n" + dialect.escape(fmt::format(
                       "… (cut: longer than {0} messages) / （过长，已截断：最多 {0} 条消息）",
                       most_parts_));
  note_size_ = dialect.size(note_);
  if (note_size_ > dialect.most / 2) note_.clear(), note_size_ = 0;
}

// Of the message that is begun now; the last one keeps a place for the note.
size_t MarkdownParts::room() const {
  return parts_.size() + 1 >= most_parts_ ? dialect_->most - note_size_ : dialect_->most;
}

size_t MarkdownParts::free_room(bool tight) const {
  const size_t used = part_.empty() ? 0 : part_size_ + dialect_->size(gap(tight));
  return room() - std::min(room(), used);
}

// Ends the message; false if it was the last one.
bool MarkdownParts::next_part() {
  if (!part_.empty()) parts_.push_back(std::move(part_));
  part_.clear();
  part_size_ = part_count_ = 0;
  cut_ = cut_ || parts_.size() >= most_parts_;
  return !cut_;
}

void MarkdownParts::append(const std::string& text, bool tight) {
  if (!part_.empty()) {
    part_ += gap(tight);
    part_size_ += dialect_->size(gap(tight));
  }
  part_ += text;
  part_size_ += dialect_->size(text);
  part_count_ += dialect_->count(text);
}

void MarkdownParts::add(const Block& block) {
  if (cut_ || is_blank(block.text)) return;
  const size_t count = dialect_->count(block.text), most = dialect_->most_counted;
  const bool crowded = part_count_ + count > most;
  // Text does without its marks rather than take up the last half of the messages.
  const bool scarce = parts_.size() >= most_parts_ / 2;
  if (crowded && !block.write && (count > most || scarce))
    return place(block, dialect_->plain(block.raw));
  if (crowded && !part_.empty() && !next_part()) return;
  place(block, block.text);
}

void MarkdownParts::place(const Block& block, const std::string& text) {
  const size_t size = dialect_->size(text);
  if (size <= free_room(block.tight)) return append(text, block.tight);
  if (size > room() || full_) return cut(block);
  if (next_part()) place(block, text);
}

void MarkdownParts::cut(const Block& block) {
  const size_t least = dialect_->most / (full_ ? kFreeToFillInFull : kFreeToFill);
  bool fill = !part_.empty() && free_room(block.tight) >= least;
  for (std::string_view rest = block.raw; !trim(rest).empty(); fill = false) {
    if (!fill && !part_.empty() && !next_part()) return;
    const std::string piece = take_piece(rest, block, free_room(block.tight), fill);
    if (!piece.empty()) append(piece, block.tight);
  }
}

std::string MarkdownParts::written(std::string_view piece, const Block& block) const {
  if (!block.write) return dialect_->plain(trim(piece));
  if (piece.ends_with('\n')) piece.remove_suffix(1);
  return trim(piece).empty() ? "" : block.write(piece);
}

// The longest beginning of the text that fits into `most`, written. Where it is to fill a message
// there may be none.
std::string MarkdownParts::take_piece(std::string_view& rest, const Block& block, size_t most,
                                      bool fill) const {
  const auto fits = [&](size_t bytes) {
    return dialect_->size(written(truncate_utf8(rest, bytes), block)) <= most;
  };
  size_t good = std::min(rest.size(), kLongestCharacter * most);
  if (!fits(good)) {
    size_t bad = good;
    for (good = 0; bad - good > 1;) {
      const size_t middle = good + (bad - good) / 2;
      (fits(middle) ? good : bad) = middle;
    }
  }
  std::string_view head = truncate_utf8(rest, good);
  if (head.empty() && fill) return "";
  if (head.empty()) head = truncate_utf8(rest, kLongestCharacter);  // a message of no size
  if (head.size() < rest.size()) {
    const size_t line = head.rfind('\n');
    if (fill && block.write && line == std::string_view::npos) return "";
    head = head.substr(0, border(rest, head.size(), block));
  }
  rest.remove_prefix(head.size());
  return written(head, block);
}

// Where the text is cut at or before `most` bytes: code and tables between lines; text where no
// more messages are needed for it than if they were all full.
size_t MarkdownParts::border(std::string_view rest, size_t most, const Block& block) const {
  if (block.write) {
    const size_t line = rest.substr(0, most).rfind('\n');
    return line == std::string_view::npos || line == 0 ? grapheme_border(rest, most) : line + 1;
  }
  const size_t behind = dialect_->size(dialect_->plain(rest.substr(most)));
  const size_t spare = (dialect_->most - behind % dialect_->most) % dialect_->most;
  return best_border(rest, most, [&](size_t begin) {
    return dialect_->size(dialect_->plain(rest.substr(begin, most - begin))) <= spare;
  });
}

std::vector<std::string> MarkdownParts::take() {
  const bool cut = cut_;
  next_part();
  if (cut && !parts_.empty()) parts_.back() += note_;
  return std::move(parts_);
}

}  // namespace ai_bot
