#include "cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <ftxui/dom/table.hpp>
#include <ftxui/screen/screen.hpp>

namespace ai_bot::terminal {

bool is_terminal(int fd) { return isatty(fd) == 1; }

std::string coloured(Colour colour, const std::string& text) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (!is_terminal(STDOUT_FILENO) || (no_colour != nullptr && *no_colour != '\0')) return text;
  constexpr int kCodes[] = {32, 33, 31, 2, 1};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<int>(colour)], text);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  ftxui::Table table(rows);
  table.SelectAll().Border(ftxui::LIGHT);
  table.SelectAll().SeparatorVertical(ftxui::LIGHT);
  table.SelectRow(0).SeparatorHorizontal(ftxui::LIGHT);
  table.SelectRow(0).BorderBottom(ftxui::LIGHT);
  auto document = table.Render();
  auto screen =
      ftxui::Screen::Create(ftxui::Dimension::Fit(document), ftxui::Dimension::Fit(document));
  ftxui::Render(screen, document);
  // Cells are padded with blanks to the screen's width; a pipe needs none at the ends of lines.
  std::string out;
  for (const char c : screen.ToString()) {
    if (c == '\r') continue;
    out += c;
  }
  return out + "\n";
}

std::string size_text(int64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (bytes >= 1LL << 30) return fmt::format("{:.2f} GiB", number / (1 << 30));
  if (bytes >= 1 << 20) return fmt::format("{:.1f} MiB", number / (1 << 20));
  return fmt::format("{:.1f} KiB", number / (1 << 10));
}

}  // namespace ai_bot::terminal
