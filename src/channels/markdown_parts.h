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
  MarkdownParts(const Dialect& dialect, size_t most_parts);

  // Nothing once the parts are full.
  void add(const Block& block);

  bool full() const { return parts_.size() >= most_parts_; }

  // The messages; the last one ends with a note if blocks did not fit any more.
  std::vector<std::string> take();

 private:
  size_t room() const;
  bool flush();
  void cut(const Block& block);
  std::string take_piece(std::string_view& rest, const Block& block) const;
  void begin_part(std::string text);

  const Dialect& dialect_;
  const size_t most_parts_;
  std::string note_;  // what stands under an answer that was cut
  size_t note_size_ = 0;
  std::vector<std::string> parts_;
  std::string part_;      // that grows
  size_t part_size_ = 0;  // in the dialect's measure
  bool cut_ = false;
};

}  // namespace ai_bot
