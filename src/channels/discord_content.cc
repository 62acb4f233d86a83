#include "channels/discord_content.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <map>

#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;
using Names = std::map<std::string, std::string, std::less<>>;

constexpr size_t kLongestMark =
    120;  // bytes between '<' and '>'; names of commands have 32 letters
constexpr int kDeepestComponents = 4;

void add_line(std::string& text, const std::string& line) {
  if (!line.empty()) text += (text.empty() ? "" : "\n") + line;
}

bool are_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What stands behind the last colon is an id.
std::string_view before_id(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool has_id = colon != std::string_view::npos && are_digits(text.substr(colon + 1));
  return has_id ? text.substr(0, colon) : std::string_view();
}

// "<t:SECONDS:STYLE>".
std::string date(std::string_view seconds) {
  constexpr int64_t kLast = 253402300799;  // of the year 9999
  int64_t unix = -1;
  const std::string_view digits = seconds.substr(0, seconds.find(':'));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unix);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || unix < 0 || unix > kLast) return "";
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<time_t>(unix)));
}

Names names_of(const json& message, const std::string& bot) {
  Names names;
  for (const json& user : list_in(message, "mentions")) {
    if (!user.is_object()) continue;
    const std::string id = text_or(user, "id");
    names[id] = id == bot ? "" : "@" + name_in_text(text_or(user, "username"));
  }
  return names;
}

std::string or_else(std::string name, std::string otherwise) {
  return name.empty() ? std::move(otherwise) : std::move(name);
}

// What people see of a mark; no value for what is none.
std::optional<std::string> seen(std::string_view mark, const Names& names,
                                const DiscordReader& reader) {
  const auto id_behind = [&](std::string_view sign) {
    const bool is_one = mark.starts_with(sign) && are_digits(mark.substr(sign.size()));
    return is_one ? std::string(mark.substr(sign.size())) : "";
  };
  if (const std::string role = id_behind("@&"); !role.empty())
    return reader.known.is_own_role(role) ? "" : "@" + or_else(reader.known.role(role), "role");
  if (const std::string channel = id_behind("#"); !channel.empty())
    return "#" + or_else(reader.known.channel(channel), channel);
  for (const std::string_view sign : {"@!", "@"}) {
    if (!mark.starts_with(sign)) continue;
    const std::string_view user = mark.substr(sign.size());
    if (const auto name = names.find(user); name != names.end()) return name->second;
    if (are_digits(user)) return user == reader.bot ? "" : fmt::format("@{}", user);
  }
  if (mark.starts_with("t:"))
    if (std::string when = date(mark.substr(2)); !when.empty()) return when;
  const bool is_animated = mark.starts_with("a:");
  if (is_animated || mark.starts_with(':')) {
    const std::string_view name = before_id(mark.substr(is_animated ? 2 : 1));
    if (!name.empty()) return fmt::format(":{}:", name);
  }
  if (mark.starts_with('/') && before_id(mark).size() > 1) return std::string(before_id(mark));
  return std::nullopt;
}

std::string things_of(const json& message) {
  std::string things;
  for (const json& sticker : list_in(message, "sticker_items"))
    if (sticker.is_object()) add_line(things, bracketed("sticker", text_or(sticker, "name")));
  if (const json& poll = object_in(message, "poll"); !poll.empty()) {
    std::string text = text_or(object_in(poll, "question"), "text"), answers;
    for (const json& answer : list_in(poll, "answers")) {
      if (answer.is_object())
        answers +=
            (answers.empty() ? " " : " / ") + text_or(object_in(answer, "poll_media"), "text");
    }
    add_line(things, bracketed("poll", text + answers));
  }
  return things;
}

// "Embed Object": a card, or the preview of a link.
std::string embed_text(const json& embed) {
  std::string text;
  for (const char* key : {"title", "description"}) add_line(text, text_or(embed, key));
  for (const json& field : list_in(embed, "fields")) {
    if (field.is_object()) add_line(text, text_or(field, "name") + ": " + text_or(field, "value"));
  }
  return text;
}

std::string embed_author(const json& embed) {
  return or_else(text_or(object_in(embed, "author"), "name"),
                 text_or(object_in(embed, "provider"), "name"));
}

// The texts of a bot's message that has no content but "components".
void add_components(const json& of, int depth, std::string& text) {
  constexpr int64_t kTextDisplay = 10;
  if (depth == 0) return;
  for (const json& component : list_in(of, "components")) {
    if (!component.is_object()) continue;
    if (number_or(component, "type") == kTextDisplay) add_line(text, text_or(component, "content"));
    add_components(component, depth - 1, text);
  }
}

void add_attachments(const json& message, std::vector<Attachment>& list) {
  for (const json& file : list_in(message, "attachments"))
    if (file.is_object()) list.push_back(discord_attachment(file));
}

std::string author_of(const json& message) {
  const json& author = object_in(message, "author");
  return text_or(author, "global_name", text_or(author, "username"));
}

}  // namespace

Attachment discord_attachment(const json& file) {
  return {text_or(file, "url"), text_or(file, "filename"),
          type_of_mime(text_or(file, "content_type")), number_or(file, "size")};
}

// In one pass, so that a name is never read as a mention.
std::string DiscordReader::words(const json& message) const {
  const Names names = names_of(message, bot);
  const std::string content = text_or(message, "content");
  std::string out;
  std::string_view rest = content;
  for (size_t found; (found = rest.find('<')) != std::string_view::npos;) {
    out.append(rest.substr(0, found));
    rest.remove_prefix(found);
    const std::string_view near = rest.substr(1, kLongestMark);
    const size_t end = near.find_first_of("<>");
    const bool is_closed = end != std::string_view::npos && near[end] == '>';
    const auto shown = is_closed ? seen(near.substr(0, end), names, *this) : std::nullopt;
    out += shown.value_or("<");
    rest.remove_prefix(shown ? end + 2 : 1);
  }
  return out.append(rest);
}

bool DiscordReader::is_addressed(const json& message) const {
  for (const json& user : list_in(message, "mentions"))
    if (user.is_object() && text_or(user, "id") == bot) return true;
  for (const json& role : list_in(message, "mention_roles"))
    if (role.is_string() && known.is_own_role(role.get<std::string>())) return true;
  return text_or(object_in(object_in(message, "referenced_message"), "author"), "id") == bot;
}

void DiscordReader::quote(const json& message, Incoming& incoming) const {
  std::string text = words(message);
  add_line(text, things_of(message));
  add_components(message, kDeepestComponents, text);
  for (const json& embed : list_in(message, "embeds"))
    if (embed.is_object()) add_line(text, embed_text(embed));
  if (!text.empty()) incoming.quotes.push_back({author_of(message), text});
  add_attachments(message, incoming.attachments);
}

void DiscordReader::read(const json& message, Incoming& incoming) const {
  incoming.text = words(message);
  add_line(incoming.text, things_of(message));
  add_attachments(message, incoming.attachments);
  for (const json& embed : list_in(message, "embeds")) {
    const std::string text = embed.is_object() ? embed_text(embed) : "";
    if (!text.empty()) incoming.quotes.push_back({embed_author(embed), text});
  }
  for (const json& snapshot : list_in(message, "message_snapshots"))
    if (snapshot.is_object()) quote(object_in(snapshot, "message"), incoming);
  const bool is_alone = incoming.attachments.empty() && incoming.quotes.empty();
  const bool says_nothing = text_or(message, "content").empty() && incoming.text.empty();
  if (is_alone && says_nothing) incoming.unreadable = {"a kind I do not know", "未知类型"};
  if (const json& replied = object_in(message, "referenced_message"); !replied.empty())
    quote(replied, incoming);
}

}  // namespace ai_bot
