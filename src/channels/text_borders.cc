#include "channels/text_borders.h"

#include <utf8proc.h>

#include <algorithm>
#include <cctype>

#include "core/utf8.h"

namespace ai_bot {
namespace {

constexpr uint32_t kEmojiSelector = 0xFE0F;  // VARIATION SELECTOR-16
constexpr size_t kLongWord = 64;  // bytes; that much is left to the next part rather than cut

utf8proc_category_t category(uint32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

bool opens(uint32_t code) {
  return category(code) == UTF8PROC_CATEGORY_PS || category(code) == UTF8PROC_CATEGORY_PI;
}

bool is_zero_width(uint32_t code) {
  return (code >= 0x200B && code <= 0x200F) || code == 0x2060 || code == 0xFEFF || code == 0xAD;
}

bool ends_sentence(uint32_t code) {
  return code == 0x3002 || code == 0xFF01 || code == 0xFF1F || code == 0xFF0E || code == 0xFF61;
}

bool is_stop(uint32_t code) { return code == '.' || code == '!' || code == '?' || code == 0x2026; }

// Walks over a text; between two graphemes it knows what stands on both sides.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  // Over the next grapheme; false at the end.
  bool next() {
    if (at_ == text_.size()) return false;
    do {
      const uint32_t code = next_code_point(text_, at_);
      follow_sentence(code);
      last_ = code;
    } while (at_ < text_.size() && !breaks_before(code_point_after(text_, at_)));
    return true;
  }

  size_t at() const { return at_; }
  bool is_after_line() const { return last_ == '\n'; }
  // Behind a stop and what closes with it, and behind the space that follows one of ASCII.
  bool is_after_sentence() const {
    const uint32_t next = code_point_after(text_, at_);
    const bool closes = is_punctuation(next) && !opens(next);
    return sentence_ == Sentence::kSpaced || (sentence_ == Sentence::kEnded && !closes);
  }
  bool is_within_word() const {
    const uint32_t next = code_point_after(text_, at_);
    return !is_white_space(last_) && !is_white_space(next) && !is_cjk(last_) && !is_cjk(next);
  }
  bool is_between_words() const {
    const uint32_t next = code_point_after(text_, at_);
    if (is_white_space(last_)) return !is_white_space(next);
    if (!is_cjk(last_) && !is_cjk(next)) return false;
    return !opens(last_) && !is_white_space(next) && (opens(next) || !is_punctuation(next));
  }

 private:
  enum class Sentence { kNone, kStop, kSpaced, kEnded };

  bool breaks_before(uint32_t next) {
    return utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(last_),
                                            static_cast<utf8proc_int32_t>(next), &state_);
  }

  void follow_sentence(uint32_t code) {
    if (ends_sentence(code)) {
      sentence_ = Sentence::kEnded;
    } else if (is_stop(code)) {
      sentence_ = Sentence::kStop;
    } else if (is_white_space(code) && sentence_ != Sentence::kNone) {
      sentence_ = Sentence::kSpaced;
    } else if (!is_punctuation(code) || opens(code)) {
      sentence_ = Sentence::kNone;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  uint32_t last_ = ' ';
  utf8proc_int32_t state_ = 0;
  Sentence sentence_ = Sentence::kNone;
};

size_t columns_of_grapheme(std::string_view grapheme) {
  size_t width = 0;
  for (size_t at = 0; at < grapheme.size();) {
    const uint32_t code = next_code_point(grapheme, at);
    const int own = utf8proc_charwidth(static_cast<utf8proc_int32_t>(code));
    width = std::max(width, code == kEmojiSelector ? 2 : static_cast<size_t>(std::max(own, 0)));
  }
  const bool flag = grapheme.starts_with("\xF0\x9F\x87") && grapheme.size() > 4;
  return flag ? 2 : width;
}

}  // namespace

bool is_punctuation(uint32_t code) {
  if (code < 0x80) return std::ispunct(static_cast<int>(code)) != 0;
  return category(code) >= UTF8PROC_CATEGORY_PC && category(code) <= UTF8PROC_CATEGORY_PO;
}

bool is_white_space(uint32_t code) {
  return code == ' ' || (code >= '\t' && code <= '\r') ||
         (category(code) >= UTF8PROC_CATEGORY_ZS && category(code) <= UTF8PROC_CATEGORY_ZP);
}

bool is_blank(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const uint32_t code = next_code_point(text, at);
    if (!is_white_space(code) && !is_zero_width(code)) return false;
  }
  return true;
}

uint32_t code_point_before(std::string_view text, size_t at) {
  if (at == 0) return ' ';
  size_t begin = at - 1;
  while (begin > 0 && at - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80)
    --begin;
  return next_code_point(text, begin);
}

uint32_t code_point_after(std::string_view text, size_t at) {
  return at < text.size() ? next_code_point(text, at) : ' ';
}

size_t best_border(std::string_view text, size_t most,
                   const std::function<bool(size_t begin)>& may_lose) {
  size_t line = 0, sentence = 0, word = 0, grapheme = 0;
  bool within_word = false;
  for (Walk walk(text); walk.next() && walk.at() <= most;) {
    grapheme = walk.at();
    within_word = walk.is_within_word();
    if (walk.is_after_line()) line = grapheme;
    if (walk.is_after_sentence()) sentence = grapheme;
    if (walk.is_between_words()) word = grapheme;
  }
  if (line >= most / 2 && line > 0) return line;
  if (sentence >= most / 2 && sentence > 0 && may_lose(sentence)) return sentence;
  const bool near = within_word && most - word <= kLongWord;
  if (word > 0 && (near || (word >= most / 2 && may_lose(word)))) return word;
  return grapheme > 0 ? grapheme : most;
}

size_t grapheme_border(std::string_view text, size_t most) {
  size_t border = 0;
  for (Walk walk(text); walk.next() && walk.at() <= most;) border = walk.at();
  return border > 0 ? border : most;
}

size_t columns(std::string_view text) {
  size_t width = 0, begin = 0;
  for (Walk walk(text); walk.next(); begin = walk.at())
    width += columns_of_grapheme(text.substr(begin, walk.at() - begin));
  return width;
}

}  // namespace ai_bot
