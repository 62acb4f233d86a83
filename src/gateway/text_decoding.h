// Text files in the encodings people's machines write, as UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ai_bot {

// The bytes as UTF-8 text without a byte order mark; none when no encoding known here makes a text
// of them. Known are UTF-8, UTF-16 and UTF-32 with a byte order mark, UTF-16 without one,
// GB18030 (with GBK and GB 2312) and Big5. A character that is cut at either end is left out, one
// in a hundred that makes no sense becomes U+FFFD.
//
// How they are told apart, in this order:
// - A byte order mark says it.
// - Zero bytes: UTF-16 in the byte order in which more of it is ASCII, Chinese punctuation or one
//   of the most frequent Chinese characters; below 15 %, or with control characters, it is no
//   text. (UTF-16 of Chinese alone, without a line's end, has neither mark nor zero byte, and is
//   not recognized.)
// - Valid UTF-8 is UTF-8.
// - GB18030 and Big5 share most byte pairs; each has an area of common characters, which makes up
//   nearly all of a text of its own, and about half of what the other's text looks like in it: GB
//   2312's level 1 (A1A1-A3FE, B0A1-D7F9) and Big5's (A140-A3BF, A440-C67E). The one with the
//   larger share wins, GB18030 at a tie, and neither below one half. What is long, and has next to
//   none of the most frequent Chinese characters, is some other language's (Korean's EUC-KR lies
//   wholly in GB 2312's area).
std::optional<std::string> decode_text(std::string_view bytes);

}  // namespace ai_bot
