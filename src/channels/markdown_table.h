// Tables for platforms that have none.
#pragma once

#include <string>
#include <vector>

namespace ai_bot::markdown {

using Rows = std::vector<std::vector<std::string>>;

// Cells in columns, for a font of fixed width, with their line breaks; in_lines() where that were
// too wide.
std::string as_table(const Rows& rows);

// Cells one behind the other.
std::string in_lines(const Rows& rows);

}  // namespace ai_bot::markdown
