#include "channels/markdown_prepared.h"

#include <algorithm>

#include "channels/text_borders.h"
#include "core/utf8.h"

namespace ai_bot::markdown {
namespace {

// U+FFFE stands where cmark is to see a letter, U+FDD0 … U+FDEF for the 32 marks of ASCII.
constexpr std::string_view kLetter = "\uFFFE";
constexpr std::string_view kMarks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
constexpr std::string_view kVeil = "\xEF\xB7";  // of a mark, with 0x90 and its place in kMarks
constexpr size_t kCodeSize = 3;                 // bytes of each of them

constexpr size_t kLongestFormula = 2000, kLongestInline = 300;  // bytes

bool is_mark(char c) { return kMarks.find(c) != std::string_view::npos; }

bool is_reserved(std::string_view text) {
  return text.starts_with(kLetter) || (text.starts_with(kVeil) && text.size() >= kCodeSize &&
                                       static_cast<unsigned char>(text[2]) >= 0x90 &&
                                       static_cast<unsigned char>(text[2]) < 0x90 + kMarks.size());
}

void veil(std::string_view text, std::string& out) {
  for (const char c : text) {
    const size_t place = kMarks.find(c);
    if (place == std::string_view::npos) {
      out += c;
    } else {
      out.append(kVeil) += static_cast<char>(0x90 + place);
    }
  }
}

// East Asian scripts with their punctuation, without their space.
bool is_east_asian(uint32_t c) {
  return (is_cjk(c) && c != 0x3000) || (c >= 0x1100 && c <= 0x11FF) ||
         (c >= 0xA960 && c <= 0xA97F) || (c >= 0xD7B0 && c <= 0xD7FF) ||
         (c >= 0xFE30 && c <= 0xFE4F) || (c >= 0x1AFF0 && c <= 0x1B2FF);
}

// The size of a formula that begins at the text's beginning with `open`, or 0. None goes beyond a
// paragraph or over code or a link, and a quotation's marks are none of its.
size_t formula(std::string_view text, std::string_view open, std::string_view close, size_t most) {
  const size_t end = text.substr(0, most).find(close, open.size());
  if (end == std::string_view::npos) return 0;
  const std::string_view inner = text.substr(open.size(), end - open.size());
  bool broken = false;
  for (const std::string_view border : {"`", "~~~", "\n\n", "\n>", "]("})
    broken = broken || inner.find(border) != std::string_view::npos;
  return broken || trim(inner).empty() ? 0 : end + close.size();
}

// "\[…\]" may be escaped brackets ("\[1\]", "\[x\](y)") just as well.
size_t display_formula(std::string_view text) {
  const size_t size = formula(text, "\\[", "\\]", kLongestFormula);
  if (size == 0) return 0;
  const std::string_view inner = text.substr(2, size - 4), rest = text.substr(size);
  const bool link = rest.starts_with('(') || rest.starts_with(':') || rest.starts_with('[');
  const bool like_one = is_white_space(static_cast<unsigned char>(inner[0])) ||
                        inner.find_first_of("\\^_=+{}<>*/") != std::string_view::npos;
  return like_one && !link ? size : 0;
}

// "$…$" as Pandoc has it (no space at its borders, no digit behind), and only what looks like one:
// prices are none.
size_t inline_formula(std::string_view text) {
  const size_t size = formula(text, "$", "$", kLongestInline);
  if (size < 3) return 0;
  const std::string_view inner = text.substr(1, size - 2);
  const char next = size < text.size() ? text[size] : ' ';
  const bool closed = !is_white_space(static_cast<unsigned char>(inner.front())) &&
                      !is_white_space(static_cast<unsigned char>(inner.back())) &&
                      (next < '0' || next > '9');
  const bool like_one = inner.find_first_of("\\^_{") != std::string_view::npos &&
                        inner.find_first_of("|\n") == std::string_view::npos &&
                        inner.find("**") == std::string_view::npos;
  return closed && like_one ? size : 0;
}

// The size of the formula the text begins with, or 0.
size_t formula_at(std::string_view text) {
  if (text.starts_with("\\(")) return formula(text, "\\(", "\\)", kLongestFormula);
  if (text.starts_with("\\[")) return display_formula(text);
  if (text.starts_with("$$")) return formula(text, "$$", "$$", kLongestFormula);
  return text.starts_with('$') ? inline_formula(text) : 0;
}

// Whether a line's text from here is a footnote's. One that is but an address defines a link.
bool is_footnote(std::string_view text) {
  constexpr size_t kLongestLabel = 100;
  const size_t end = text.substr(0, kLongestLabel).find_first_of("]\n");
  if (!text.starts_with("[^") || end == std::string_view::npos) return false;
  if (!text.substr(end).starts_with("]:")) return false;
  const std::string_view note = trim(text.substr(end + 2, kLongestLabel));
  return !note.starts_with("http://") && !note.starts_with("https://");
}

class Preparation {
 public:
  explicit Preparation(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  std::string take() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  void copy(size_t size) {
    out_ += text_.substr(at_, size);
    at_ += size;
  }

  void hide(size_t size) {
    veil(text_.substr(at_, size), out_);
    at_ += size;
  }

  bool begins_line() const {
    const size_t line = text_.substr(0, at_).find_last_not_of(' ');
    return line == std::string_view::npos || text_[line] == '\n';
  }

  void step() {
    const std::string_view rest = text_.substr(at_);
    const char c = rest[0];
    if (c == '\\' || c == '$') {
      if (const size_t size = formula_at(rest); size > 0) return hide(size);
      if (rest.starts_with("\\{") || rest.starts_with("\\}")) return hide(2);
      const bool escape = c == '\\' && rest.size() > 1 && is_mark(rest[1]);
      // Of "$$" that begins no formula neither does the second.
      return copy(escape || rest.starts_with("$$") ? 2 : 1);
    }
    if (c == '*' || c == '~') return run(std::min(rest.find_first_not_of(c), rest.size()));
    if (c == '[' && is_footnote(rest) && begins_line()) return hide(1);
    if (c == '\xEF' && is_reserved(rest)) {
      out_ += "\uFFFD";
      at_ += kCodeSize;
      return;
    }
    copy(1);
  }

  void run(size_t size) {
    const uint32_t before = code_point_before(text_, at_);
    const uint32_t after = code_point_after(text_, at_ + size);
    const bool friendly = is_east_asian(before) || is_east_asian(after);
    if (friendly && !is_white_space(before)) out_ += kLetter;
    copy(size);
    if (friendly && !is_white_space(after)) out_ += kLetter;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string prepared(std::string_view markdown) { return Preparation(markdown).take(); }

std::string restored(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest[0] != '\xEF' || !is_reserved(rest)) {
      out += rest[0];
      ++at;
      continue;
    }
    if (!rest.starts_with(kLetter)) out += kMarks[static_cast<unsigned char>(rest[2]) - 0x90];
    at += kCodeSize;
  }
  return out;
}

}  // namespace ai_bot::markdown
