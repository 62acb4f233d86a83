// A model's Markdown made fit for the parser. cmark's time grows with the square of some texts
// (markers in a row, rows of bars, "<?"), and a line of a few thousand '>' is a tree as deep. So
// the text is parsed in pieces, and in each line only so many containers and table cells are meant;
// what is beyond stays as text. Nothing is dropped.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace ai_bot {

class MarkdownSource {
 public:
  // Marks (bytes of ASCII that are neither letters, digits nor spaces) parsed at once. Most answers
  // are parsed whole: a text of 40 KB has about as many. The worst piece found takes 40 ms.
  static constexpr size_t kPiece = 4 << 10;
  // Quotations and lists in one another, as in Writer.
  static constexpr size_t kDeepest = 10;
  // '|' in a line of a table; a row that has fewer is filled up by the parser. In what seems to be
  // code there may be more, since it is a drawing.
  static constexpr size_t kMostBars = 32, kMostBarsInCode = 100;

  explicit MarkdownSource(std::string_view markdown);

  // The next piece into `piece`; false at the end. A piece ends between blocks if possible; tables
  // and indented code that go on begin again in the next one with their head or their fence. Code
  // at the margin is a piece of its own, and is left as it is. Where a piece uses a definition
  // ("[1]: https://a.example") of another one, that stands before it.
  bool next(std::string& piece);

 private:
  // Where the text is, as far as it matters at a border.
  struct State {
    size_t at = 0;      // in text_
    std::string fence;  // the line that opened the code we are in
    std::string head;   // of the table we are in: two lines
    std::string line;   // the last one
  };

  struct Definition {
    size_t at, size;  // in text_
  };

  std::string_view take_line();
  bool is_whole(std::string_view line) const;
  bool take_code(std::string& piece);
  void follow(std::string_view line);
  std::string definitions_of(std::string_view piece, size_t begin);

  std::string text_;
  std::map<std::string, Definition> definitions_;  // by label
  size_t most_carried_;                            // bytes of them, from now on
  State state_;
};

}  // namespace ai_bot
