// Somebody else's words within a message: what it replies to, forwards or shares, and files. They
// are marked, so that what they say is not taken for what the person says.
#pragma once

#include <string>
#include <string_view>

namespace ai_bot {

// A title in brackets (which it cannot end) and the content, at most about `most` bytes together.
// Whatever a reader may take for a line of the content begins with ">".
std::string quotation(const std::string& title, std::string_view content, size_t most);

}  // namespace ai_bot
