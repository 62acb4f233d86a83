#include "gateway/text_decoding.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "core/utf8.h"

namespace ai_bot {
namespace {

// The most frequent characters of modern Chinese, in both scripts; together about a third of a
// text.
constexpr std::string_view kFrequent =
    "的一是不了在人有我他这这個个們们中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子"
    "那得于着下自之"
    "年过過发發后後作里";
constexpr size_t kFewestForFrequency = 100;  // characters

bool is_frequent(std::string_view character) {
  return kFrequent.find(character) != std::string_view::npos;
}

// What was made of bytes, and how sure one can be of it.
struct Decoded {
  std::string text;
  size_t characters = 0;  // beyond ASCII
  size_t frequent = 0;    // of those
  size_t ascii = 0;
  size_t marks = 0;  // Chinese punctuation and full-width forms
  size_t controls = 0;
  size_t broken = 0;

  size_t all() const { return characters + ascii; }
  bool is_sound() const { return (broken + controls) * 100 <= all(); }
};

// Of ASCII. The last two: the end of a file under DOS, and what colours a terminal.
bool is_seen(uint32_t c) {
  return (c >= ' ' && c != 0x7F) || (c >= '\t' && c <= '\r') || c == 0x1A || c == 0x1B;
}

void count(Decoded& decoded) {
  for (size_t at = 0; at < decoded.text.size();) {
    const size_t start = at;
    const uint32_t c = next_code_point(decoded.text, at);
    if (c == kReplacementCharacter) {
      ++decoded.broken;
    } else if (c < 0x80) {
      ++decoded.ascii;
      if (!is_seen(c)) ++decoded.controls;
      continue;
    }
    ++decoded.characters;
    if (c <= 0x9F) ++decoded.controls;
    if ((c >= 0x3000 && c <= 0x3011) || (c >= 0xFF01 && c <= 0xFF5E)) ++decoded.marks;
    if (c >= 0x4E00 && is_frequent(std::string_view(decoded.text).substr(start, at - start)))
      ++decoded.frequent;
  }
}

class Converter {
 public:
  explicit Converter(const char* encoding) : handle_(iconv_open("UTF-8", encoding)) {}
  ~Converter() {
    if (is_open()) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  // False where the C library lacks the encoding.
  bool is_open() const { return reinterpret_cast<intptr_t>(handle_) != -1; }

  Decoded convert(std::string_view bytes) {
    Decoded decoded;
    char* in = const_cast<char*>(bytes.data());  // iconv's type; it does not write there
    size_t left = bytes.size();
    while (left > 0) {
      char out[4096];
      char* to = out;
      size_t room = sizeof out;
      const bool is_done = iconv(handle_, &in, &left, &to, &room) != static_cast<size_t>(-1);
      const int error = is_done ? 0 : errno;
      decoded.text.append(out, sizeof out - room);
      if (is_done || error == EINVAL) break;  // EINVAL: a character is cut at the end
      if (error == E2BIG) continue;
      decoded.text += "\uFFFD";
      ++in;
      --left;
    }
    count(decoded);
    return decoded;
  }

 private:
  const iconv_t handle_;
};

std::optional<Decoded> convert(const char* encoding, std::string_view bytes) {
  Converter converter(encoding);
  if (!converter.is_open()) return std::nullopt;
  return converter.convert(bytes);
}

std::optional<std::string> text_of(std::optional<Decoded> decoded) {
  if (!decoded || !decoded->is_sound()) return std::nullopt;
  return std::move(decoded->text);
}

struct Mark {
  std::string_view bytes;
  const char* encoding;
};
// Unicode 15, 23.8, table 23-6; UTF-32's begins as UTF-16's does.
constexpr Mark kMarks[] = {
    {{"\xFF\xFE\0\0", 4}, "UTF-32LE"},
    {{"\0\0\xFE\xFF", 4}, "UTF-32BE"},
    {{"\xFF\xFE", 2}, "UTF-16LE"},
    {{"\xFE\xFF", 2}, "UTF-16BE"},
};

double share_of_text(const std::optional<Decoded>& decoded) {
  if (!decoded || !decoded->is_sound() || decoded->all() == 0) return 0;
  return static_cast<double>(decoded->ascii + decoded->marks + decoded->frequent) /
         static_cast<double>(decoded->all());
}

std::optional<std::string> without_mark(std::string_view bytes) {
  constexpr double kLeastShare = 0.15;
  auto little = convert("UTF-16LE", bytes), big = convert("UTF-16BE", bytes);
  const double little_share = share_of_text(little), big_share = share_of_text(big);
  if (std::max(little_share, big_share) < kLeastShare) return std::nullopt;
  return std::move((little_share >= big_share ? little : big)->text);
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Without the pieces of characters that are cut at both ends.
std::string_view whole_characters(std::string_view utf8) {
  for (int i = 0; i < 3 && !utf8.empty() && is_continuation(utf8.front()); ++i)
    utf8.remove_prefix(1);
  for (size_t tail = 1; tail < 4 && tail <= utf8.size(); ++tail) {
    const auto lead = static_cast<unsigned char>(utf8[utf8.size() - tail]);
    if (is_continuation(static_cast<char>(lead))) continue;
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
    if (length > tail) utf8.remove_suffix(tail);
    break;
  }
  return utf8;
}

// UTF-8 but for characters that are cut at the ends, and little else. It takes some characters of
// several bytes: a few pairs of another encoding may look like them.
std::optional<std::string> mended_utf8(std::string_view bytes) {
  constexpr size_t kFewestBytes = 6;
  bytes = whole_characters(bytes);
  Decoded decoded;
  size_t bytes_beyond_ascii = 0;
  for (size_t at = 0; at < bytes.size();) {
    const size_t start = at;
    const bool is_broken = next_code_point(bytes, at) == kReplacementCharacter;
    decoded.text += is_broken ? "\uFFFD" : bytes.substr(start, at - start);
    if (!is_broken && at - start > 1) bytes_beyond_ascii += at - start;
  }
  count(decoded);
  if (bytes_beyond_ascii < kFewestBytes || decoded.broken * 100 > decoded.characters)
    return std::nullopt;
  return text_of(std::move(decoded));
}

struct Area {
  unsigned char first, last;  // leading bytes
  unsigned char least, most;  // trailing bytes
};

// The share of pairs that lie in the areas; a pair is what begins with a byte from 0x80 on.
template <size_t N>
double share_in(const Area (&areas)[N], std::string_view bytes) {
  size_t pairs = 0, common = 0;
  for (size_t at = 0; at + 1 < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const auto trail = static_cast<unsigned char>(bytes[at + 1]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const bool is_of_four = trail >= '0' && trail <= '9';  // GB18030: an emoji, say
    at += is_of_four ? 4 : 2;
    if (is_of_four) continue;
    ++pairs;
    for (const Area& area : areas) {
      common +=
          lead >= area.first && lead <= area.last && trail >= area.least && trail <= area.most;
    }
  }
  return pairs == 0 ? 0 : static_cast<double>(common) / static_cast<double>(pairs);
}

// GB 2312: punctuation, full-width forms; level 1.
constexpr Area kGbAreas[] = {{0xA1, 0xA3, 0xA1, 0xFE}, {0xB0, 0xD7, 0xA1, 0xFE}};
// Big5: punctuation; level 1.
constexpr Area kBig5Areas[] = {
    {0xA1, 0xA2, 0x40, 0xFE}, {0xA3, 0xA3, 0x40, 0xBF}, {0xA4, 0xC6, 0x40, 0xFE}};

bool is_chinese(const Decoded& decoded) {
  return decoded.characters < kFewestForFrequency || decoded.frequent * 100 >= decoded.characters;
}

std::optional<std::string> chinese(std::string_view bytes) {
  constexpr double kLeastShare = 0.5;
  struct Candidate {
    const char* encoding;
    double share;
  };
  Candidate candidates[] = {{"GB18030", share_in(kGbAreas, bytes)},
                            {"BIG5-HKSCS", share_in(kBig5Areas, bytes)}};
  if (candidates[1].share > candidates[0].share) std::swap(candidates[0], candidates[1]);
  for (const Candidate& candidate : candidates) {
    if (candidate.share < kLeastShare) break;
    auto decoded = convert(candidate.encoding, bytes);
    if (decoded && is_chinese(*decoded)) {
      if (auto text = text_of(std::move(decoded))) return text;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> decode_text(std::string_view bytes) {
  for (const Mark& mark : kMarks) {
    if (bytes.starts_with(mark.bytes))
      return text_of(convert(mark.encoding, bytes.substr(mark.bytes.size())));
  }
  constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
  if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
  if (bytes.find('\0') != std::string_view::npos) return without_mark(bytes);
  if (is_valid_utf8(bytes)) return std::string(bytes);
  if (auto text = mended_utf8(bytes)) return text;
  return chinese(bytes);
}

}  // namespace ai_bot
