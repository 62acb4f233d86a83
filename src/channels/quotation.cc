#include "channels/quotation.h"

#include <fmt/format.h>

#include "channels/incoming.h"
#include "core/utf8.h"

namespace ai_bot {

std::string quotation(const std::string& title, std::string_view content, size_t most) {
  std::string out = fmt::format("\n\n[{}]\n", name_in_brackets(title));
  content = truncate_utf8(content, most);
  for (size_t at = 0; at < content.size() && out.size() < most;) {
    size_t end = at, next = at;
    while (next < content.size()) {
      if (is_line_break(next_code_point(content, next))) break;
      end = next;
    }
    const std::string_view line = truncate_utf8(content.substr(at, end - at), most - out.size());
    out += fmt::format("> {}\n", line);
    at = content.substr(end, 2) == "\r\n" ? end + 2 : next;
  }
  return out;
}

}  // namespace ai_bot
