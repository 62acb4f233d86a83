#include "channels/slack_text.h"

#include <fmt/format.h>

#include "channels/platform.h"
#include "channels/slack.h"

namespace ai_bot {
namespace {

// Nothing but "<" makes a mention or a link.
std::string referenced(std::string_view raw) {
  return replaced(replaced(replaced(raw, "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

std::string escaped(std::string_view raw) {
  return referenced(loosened_text(without_backticks(raw), "*_~"));
}

// ">" begins a quotation, also where it is written as a reference.
std::string literal_quotes(std::string_view text) {
  std::string out = replaced(text, "\n&gt;", "\n" + std::string(kSeam) + "&gt;");
  if (out.starts_with("&gt;")) out.insert(0, kSeam);
  return out;
}

// The marks around each line.
std::string marked(const std::string& text, char mark) {
  std::string out;
  for (std::string_view rest = text;;) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (!line.empty()) out.append(1, mark).append(line).append(1, mark);
    if (line.size() == rest.size()) return out;
    out += '\n';
    rest.remove_prefix(line.size() + 1);
  }
}

}  // namespace

Dialect slack_mrkdwn() {
  Dialect dialect = plain_markdown();
  dialect.escape = escaped;
  dialect.lines = literal_quotes;
  dialect.strong = [](const std::string& text) { return marked(text, '*'); };
  dialect.emphasis = [](const std::string& text) { return marked(text, '_'); };
  dialect.strike = [](const std::string& text) { return marked(text, '~'); };
  dialect.code = [](std::string_view raw) {
    return "`" + referenced(without_backticks(raw)) + "`";
  };
  dialect.borders = Dialect::Borders::kOutside;
  dialect.bare_link = nullptr;
  dialect.mail_links = true;
  dialect.link = [](const std::string& text, const std::string& address) {
    return fmt::format("<{}|{}>", referenced(address), text);
  };
  dialect.heading = [](int, const std::string& text) { return marked(text, '*'); };
  dialect.strong_headings = true;
  dialect.code_block = [](const std::string&, std::string_view raw) {
    return fmt::format("```\n{}\n```", referenced(without_fences(raw)));
  };
  dialect.quotes = 1;
  dialect.size = [](std::string_view text) { return text.size(); };  // in bytes (slack.h)
  dialect.most = SlackChannel::kLongestText;
  return dialect;
}

}  // namespace ai_bot
