// An answer for Telegram without formatting, for when Telegram can't read it.
#pragma once

#include <string>
#include <string_view>

namespace ai_bot {

// What telegram_html() made, without tags and entities; addresses of links stand in parentheses. At
// most `most` UTF-16 units; what was cut ends in "…".
std::string telegram_plain(std::string_view html, size_t most);

}  // namespace ai_bot
