// Written blocks put together to messages of a platform's size.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/markdown.h"

namespace ai_bot {

// One block of the text, written.
struct Block {
  std::string text;
  std::string raw;     // what is cut where the block is longer than a message
  bool tight = false;  // one line break after the block before it, not an empty line
  // Writes a part of `raw`, which is then cut between lines and keeps its spaces; none: `raw` is
  // text without marks, cut between lines, sentences or words.
  std::function<std::string(std::string_view)> write = nullptr;
};

class MarkdownParts {
 public:
  // `full`: messages are filled, at the price of paragraphs in two messages.
  MarkdownParts(const Dialect& dialect, size_t most_parts, bool full);

  // Nothing once the parts are full.
  void add(const Block& block);

  // Whether a block did not fit any more.
  bool is_cut() const { return cut_; }

  // The messages; the last one ends with a note if they were cut.
  std::vector<std::string> take();

 private:
  size_t room() const;
  size_t free_room(bool tight) const;
  bool next_part();
  void append(const std::string& text, bool tight);
  void place(const Block& block, const std::string& text);
  void cut(const Block& block);
  std::string take_piece(std::string_view& rest, const Block& block, size_t most, bool fill) const;
  size_t border(std::string_view rest, size_t most_bytes, const Block& block) const;
  std::string written(std::string_view piece, const Block& block) const;

  const Dialect* dialect_;
  size_t most_parts_;
  bool full_;
  std::string note_;  // what stands under an answer that was cut
  size_t note_size_ = 0;
  std::vector<std::string> parts_;
  std::string part_;       // that grows
  size_t part_size_ = 0;   // in the dialect's measure
  size_t part_count_ = 0;  // of what a message may have only so many of
  bool cut_ = false;
};

}  // namespace ai_bot
