#include "channels/markdown_table.h"

#include <algorithm>

#include "core/utf8.h"

namespace ai_bot::markdown {
namespace {

constexpr size_t kWidestTable = 120;  // columns of text; a wider one is not aligned

// Columns a character takes in a fixed-width font.
size_t columns(std::string_view utf8) {
  size_t width = 0;
  for (size_t at = 0; at < utf8.size();) width += is_cjk(next_code_point(utf8, at)) ? 2 : 1;
  return width;
}

std::string in_columns(const Rows& rows, const std::vector<size_t>& widths) {
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    size_t padding = 0;  // written before the next cell that is not empty
    for (size_t c = 0; c < rows[r].size(); ++c) {
      if (!rows[r][c].empty()) line += std::string(padding, ' ') + rows[r][c];
      if (!rows[r][c].empty()) padding = 0;
      padding += widths[c] - columns(rows[r][c]) + 2;
    }
    text += line + '\n';
    if (r > 0) continue;
    for (size_t c = 0; c < widths.size(); ++c)
      text += std::string(widths[c], '-') + (c + 1 < widths.size() ? "  " : "\n");
  }
  return text;
}

}  // namespace

std::string in_lines(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (const std::string& cell : row)
      if (!cell.empty()) line += (line.empty() ? "" : " | ") + cell;
    text += line + '\n';
  }
  return text;
}

std::string as_table(const Rows& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 1);
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], columns(row[c]));
  }
  size_t width = 0;
  for (const size_t one : widths) width += one + 2;
  return width <= kWidestTable ? in_columns(rows, widths) : in_lines(rows);
}

}  // namespace ai_bot::markdown
