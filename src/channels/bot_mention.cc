#include "channels/bot_mention.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "core/utf8.h"

namespace ai_bot {
namespace {

constexpr std::string_view kWideAt = "＠";
constexpr std::string_view kMark = "\u2005";  // FOUR-PER-EM SPACE, after a mention
constexpr std::string_view kWideSpace = "\u3000";
constexpr int kMostWords = 4;  // of a name

// Words that say that a name is a bot's; the Chinese ones end a word.
constexpr std::array<std::string_view, 4> kNouns = {"Bot", "Robot", "Helper", "Assistant"};
constexpr std::array<std::string_view, 5> kChineseNouns = {"助手", "机器人", "助理", "小秘",
                                                           "客服"};
// Everybody is nobody's name.
constexpr std::array<std::string_view, 2> kEverybody = {"所有人", "all"};

struct Mention {
  size_t begin = 0;  // of the "@"
  std::string_view name;
  size_t end = 0;  // of the name
};

size_t space_at(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  if (std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) return 1;
  for (const std::string_view space : {kMark, kWideSpace})
    if (text.substr(at).starts_with(space)) return space.size();
  return 0;
}

size_t end_of_word(std::string_view text, size_t at) {
  while (at < text.size() && space_at(text, at) == 0) next_code_point(text, at);
  return at;
}

bool is_latin_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The size of the "@" that stands there, as people type it.
size_t sign_at(std::string_view text, size_t at) {
  text.remove_prefix(std::min(at, text.size()));
  return text.starts_with('@') ? 1 : text.starts_with(kWideAt) ? kWideAt.size() : 0;
}

// A "@" and a name, which no address is (anna@example.com).
size_t mention_at(std::string_view text, size_t at) {
  const size_t sign = sign_at(text, at), name = at + sign;
  if (sign == 0 || name >= text.size() || space_at(text, name) != 0 || sign_at(text, name) != 0)
    return 0;
  const bool is_within =
      at > 0 && (is_latin_word(text[at - 1]) ||
                 std::string_view("@.+-/:").find(text[at - 1]) != std::string_view::npos);
  return is_within ? 0 : sign;
}

bool says_bot(std::string_view word) {
  const auto is_end = [&](std::string_view noun) { return word.ends_with(noun); };
  return std::any_of(kNouns.begin(), kNouns.end(), is_end) ||
         std::any_of(kChineseNouns.begin(), kChineseNouns.end(), is_end);
}

// A further word of a name: "Helper" of "Team Helper".
bool may_go_on(std::string_view word) {
  return !word.empty() && sign_at(word, 0) == 0 &&
         ((word[0] >= 'A' && word[0] <= 'Z') || says_bot(word));
}

// Where a name ends that words are glued to: "小助手帮我看看".
size_t end_of_glued(std::string_view text, size_t begin) {
  for (const std::string_view noun : kChineseNouns) {
    const size_t found = text.find(noun, begin);
    if (found != std::string_view::npos) return found + noun.size();
  }
  return text.size();
}

size_t end_of_name(std::string_view text, size_t begin) {
  size_t at = end_of_word(text, begin);
  if (at == text.size()) return end_of_glued(text, begin);
  size_t end = at;
  for (int words = 1; words < kMostWords; ++words) {
    if (at >= text.size() || text[at] != ' ') return text.substr(at).starts_with(kMark) ? at : end;
    if (space_at(text, at + 1) != 0 || text.substr(at + 1).starts_with('/')) return at;
    const size_t next = end_of_word(text, at + 1);
    const std::string_view word = text.substr(at + 1, next - at - 1);
    if (!may_go_on(word)) return end;
    at = next;
    if (says_bot(word)) end = at;
  }
  return end;
}

std::vector<Mention> mentions_in(std::string_view text) {
  std::vector<Mention> mentions;
  for (size_t at = 0; at < text.size();) {
    const size_t sign = mention_at(text, at);
    if (sign == 0) {
      next_code_point(text, at);
      continue;
    }
    const size_t begin = at + sign, end = end_of_name(text, begin);
    const std::string_view name = text.substr(begin, end - begin);
    if (std::find(kEverybody.begin(), kEverybody.end(), name) == kEverybody.end())
      mentions.push_back({at, name, end});
    at = end;
  }
  return mentions;
}

// Where the name ends if the text mentions it at `at`.
std::optional<size_t> end_of(std::string_view name, std::string_view text, size_t at) {
  const size_t sign = mention_at(text, at);
  if (sign == 0 || !text.substr(at + sign).starts_with(name)) return std::nullopt;
  const size_t end = at + sign + name.size();
  if (end == text.size() || space_at(text, end) != 0) return end;
  // Another's name goes on: "小助手二号", "Bot2".
  size_t next = end;
  const uint32_t c = next_code_point(text, next);
  constexpr uint32_t kFirstIdeograph = 0x3400, kFirstFullWidth = 0xFF00;
  const bool is_letter =
      c < 0x80 ? is_latin_word(text[end]) : c >= kFirstIdeograph && c < kFirstFullWidth;
  return is_letter ? std::nullopt : std::optional(end);
}

std::vector<Mention> mentions_of(std::string_view name, std::string_view text) {
  std::vector<Mention> mentions;
  for (size_t at = 0; !name.empty() && at < text.size(); next_code_point(text, at))
    if (const auto end = end_of(name, text, at)) mentions.push_back({at, name, *end});
  return mentions;
}

bool is_one(const std::vector<Mention>& mentions) {
  return std::all_of(mentions.begin(), mentions.end(),
                     [&](const Mention& m) { return m.name == mentions.front().name; });
}

std::vector<Mention> bots_mentions(std::string_view text) {
  std::vector<Mention> mentions = mentions_in(text);
  if (is_one(mentions)) return mentions;
  std::erase_if(mentions, [](const Mention& mention) { return !says_bot(mention.name); });
  return is_one(mentions) ? mentions : std::vector<Mention>();
}

}  // namespace

std::string without_bot(const std::string& text, const std::string& bot_name) {
  std::vector<Mention> mentions = mentions_of(trim(bot_name), text);
  if (mentions.empty()) mentions = bots_mentions(text);
  std::string rest;
  size_t at = 0;
  for (const Mention& mention : mentions) {
    rest.append(text, at, mention.begin - at);
    at = mention.end;
    while (at < text.size() && text[at] != '\n' && space_at(text, at) != 0)
      at += space_at(text, at);
  }
  return rest.append(text, at, std::string::npos);
}

}  // namespace ai_bot
