// What is shown on a terminal, and what is not when the output goes elsewhere.
#pragma once

#include <string>
#include <vector>

namespace ai_bot::terminal {

bool is_terminal(int fd);

// The text in a colour when standard output is a terminal and NO_COLOR is not set, otherwise as it
// is.
enum class Colour { kGreen, kYellow, kRed, kDim, kBold };
std::string coloured(Colour colour, const std::string& text);

// A table with its first row as the head, aligned by display width (CJK characters are two columns
// wide).
std::string table(const std::vector<std::vector<std::string>>& rows);

// "3.2 MiB"
std::string size_text(int64_t bytes);

}  // namespace ai_bot::terminal
