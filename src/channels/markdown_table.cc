#include "channels/markdown_table.h"

#include <algorithm>
#include <string_view>

#include "channels/text_borders.h"
#include "core/utf8.h"

namespace ai_bot::markdown {
namespace {

constexpr size_t kWidestTable = 120;  // columns of text; a wider one is not aligned

std::vector<std::string_view> lines_of(std::string_view cell) {
  std::vector<std::string_view> lines;
  for (size_t end; (end = cell.find('\n')) != std::string_view::npos; cell.remove_prefix(end + 1))
    lines.push_back(trim(cell.substr(0, end)));
  lines.push_back(trim(cell));
  return lines;
}

// A row with as many lines as its highest cell.
std::string row_in_columns(const std::vector<std::string>& row, const std::vector<size_t>& widths) {
  std::vector<std::string> lines(1);
  std::vector<size_t> seen(1);  // columns of each line
  size_t begin = 0;             // of the cell
  for (size_t c = 0; c < row.size(); begin += widths[c++] + 2) {
    const auto cell = lines_of(row[c]);
    lines.resize(std::max(lines.size(), cell.size()));
    seen.resize(lines.size());
    for (size_t l = 0; l < cell.size(); ++l) {
      if (cell[l].empty()) continue;
      lines[l].append(begin - seen[l], ' ').append(cell[l]);
      seen[l] = begin + columns(cell[l]);
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

std::string in_columns(const Rows& rows, const std::vector<size_t>& widths) {
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    text += row_in_columns(rows[r], widths);
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
    std::replace(line.begin(), line.end(), '\n', ' ');
    text += line + '\n';
  }
  return text;
}

std::string as_table(const Rows& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 1);
    for (size_t c = 0; c < row.size(); ++c)
      for (const std::string_view line : lines_of(row[c]))
        widths[c] = std::max(widths[c], columns(line));
  }
  size_t width = 0;
  for (const size_t one : widths) width += one + 2;
  return width <= kWidestTable ? in_columns(rows, widths) : in_lines(rows);
}

}  // namespace ai_bot::markdown
