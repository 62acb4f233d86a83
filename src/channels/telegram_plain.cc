#include "channels/telegram_plain.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "channels/markdown.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

// Those that telegram_html() writes.
std::string without_entities(std::string_view text) {
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}};
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto found =
        std::find_if(std::begin(kEntities), std::end(kEntities),
                     [&](const auto& one) { return text.substr(at).starts_with(one.first); });
    const bool is_one = found != std::end(kEntities);
    out += is_one ? found->second : text[at];
    at += is_one ? found->first.size() : 1;
  }
  return out;
}

// At most so many UTF-16 units of the text.
std::string_view first_units(std::string_view text, size_t most) {
  size_t units = 0, end = 0;
  for (size_t at = 0; at < text.size(); end = at) {
    units += next_code_point(text, at) > 0xFFFF ? 2 : 1;
    if (units > most) break;
  }
  return text.substr(0, end);
}

}  // namespace

std::string telegram_plain(std::string_view html, size_t most) {
  constexpr std::string_view kLink = "<a href=\"", kLinkEnd = "</a>";
  std::string out, address;
  for (size_t at = 0; at < html.size();) {
    if (html[at] != '<') {
      const size_t end = std::min(html.find('<', at), html.size());
      out += without_entities(html.substr(at, end - at));
      at = end;
      continue;
    }
    const std::string_view tag = html.substr(at, html.find('>', at) + 1 - at);
    if (tag.starts_with(kLink))
      address = without_entities(tag.substr(kLink.size(), tag.rfind('"') - kLink.size()));
    if (tag == kLinkEnd && !out.ends_with(address)) out += fmt::format(" ({})", address);
    at += std::max<size_t>(tag.size(), 1);
  }
  constexpr std::string_view kCut = " …";
  if (utf16_size(out) <= most) return out;
  return std::string(first_units(out, most - utf16_size(kCut))) + std::string(kCut);
}

}  // namespace ai_bot
