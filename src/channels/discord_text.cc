#include "channels/discord_text.h"

#include <algorithm>

#include "channels/discord.h"

namespace ai_bot {
namespace {

// "Message Formatting". That nobody is told of it is allowed_mentions' work; this is what is shown,
// in any case of letters, to be sure.
bool is_mention(std::string_view text, size_t at) {
  constexpr size_t kLongestName = 8;  // "everyone"
  std::string rest(text.substr(at + 1, kLongestName));
  for (char& c : rest)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (text[at] == '@') return rest.starts_with("everyone") || rest.starts_with("here");
  const bool channel = rest.starts_with('#') && rest.size() > 1 && is_word(rest[1]);
  return rest.starts_with('@') || channel || rest.starts_with("id:");
}

}  // namespace

Dialect discord_markdown() {
  Dialect discord = plain_markdown(
      is_mention, {.marks = "*_~`|\\", .write = backslashed, .block_marks = "#>-*.)"});
  discord.heading = [](int level, const std::string& text) {
    return std::string(static_cast<size_t>(std::min(level, 3)), '#') + " " + text;
  };
  discord.size = utf16_size;
  discord.most = DiscordChannel::kLongestText;
  return discord;
}

}  // namespace ai_bot
