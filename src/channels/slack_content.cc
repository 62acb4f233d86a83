#include "channels/slack_content.h"

#include <fmt/format.h>

#include <vector>

#include "channels/platform.h"
#include "channels/slack_blocks.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

struct Piece {
  std::string_view text;
  bool is_code;
};

// The text in order: code, with its backticks, and what stands between.
std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  size_t begun = 0;
  for (size_t at = 0; (at = text.find('`', at)) != std::string_view::npos;) {
    const bool is_block = text.substr(at).starts_with("```");
    const std::string_view mark = text.substr(at, is_block ? 3 : 1);
    const size_t inside = at + mark.size();
    const size_t end = text.find(mark, inside);
    const bool is_closed =
        end != std::string_view::npos && end > inside &&
        (is_block || text.substr(inside, end - inside).find('\n') == std::string_view::npos);
    if (!is_closed) {
      at = inside;
      continue;
    }
    if (at > begun) pieces.push_back({text.substr(begun, at - begun), false});
    begun = end + mark.size();
    pieces.push_back({text.substr(at, begun - at), true});
    at = begun;
  }
  if (begun < text.size()) pieces.push_back({text.substr(begun), false});
  return pieces;
}

// "<!here>", "<!subteam^ID|@team>", "<!date^TIMESTAMP^FORMAT^LINK|in words>".
std::string special_text(const std::string& what, const std::string& label) {
  if (what == "here" || what == "channel" || what == "everyone") return "@" + what;
  if (!label.empty()) return label;
  const size_t cut = what.find('^');
  if (cut == std::string::npos) return "@" + what;
  const std::string rest = what.substr(cut + 1);
  return what.starts_with("subteam^") ? "@" + rest : rest.substr(0, rest.find('^'));
}

// What stands between '<' and '>'.
std::string link_text(std::string_view inside, const std::string& bot) {
  const size_t bar = inside.find('|');
  std::string target(inside.substr(0, bar));
  std::string label(bar == std::string_view::npos ? "" : inside.substr(bar + 1));
  if (target.empty()) return "";
  const std::string rest = target.substr(1);
  switch (target.front()) {
    case '@':
      return rest == bot ? "" : "@" + (label.empty() ? rest : label);
    case '#':
      return "#" + (label.empty() ? rest : label);
    case '!':
      return special_text(rest, label);
    default:
      break;
  }
  if (label.empty() || label == target) return target;
  // What Slack itself made a link of.
  for (const char* scheme : {"mailto:", "tel:", "http://", "https://"})
    if (target == scheme + label) return label;
  return fmt::format("{} ({})", label, target);
}

// Code speaks of mentions, and Slack makes links in it as anywhere.
std::string unlinked(Piece piece, const std::string& bot) {
  std::string out;
  std::string_view text = piece.text;
  while (!text.empty()) {
    const size_t open = text.find('<');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const size_t close = text.find('>', open);
    if (close == std::string_view::npos) {
      out += text.substr(open);
      break;
    }
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    const bool is_link =
        !piece.is_code || inside.starts_with("http") || inside.starts_with("mailto:");
    out += is_link ? link_text(inside, bot) : std::string(text.substr(open, close + 1 - open));
    text.remove_prefix(close + 1);
  }
  return out;
}

void add_word(std::string& text, const std::string& word) {
  if (!text.empty()) text += '\n';
  text += word;
}

// Modes ("file object"): of a tombstone and what the workspace's plan hides there are no bytes, and
// those of an external file are somewhere else.
void read_files(const json& message, Incoming& incoming) {
  for (const json& file : list_in(message, "files")) {
    if (!file.is_object()) continue;
    const std::string mode = text_or(file, "mode");
    std::string name = text_or(file, "name");
    if (name.empty()) name = text_or(file, "title");
    if (mode == "tombstone") {
      add_word(incoming.text, bracketed("file", "deleted"));
    } else if (mode == "hidden_by_limit") {
      add_word(incoming.text, bracketed("file", "hidden by the limits of the workspace"));
    } else if (mode == "external" || flag_or(file, "is_external")) {
      const std::string address = text_or(file, "external_url", text_or(file, "url_private"));
      add_word(incoming.text,
               fmt::format("[file: {} {}]", name_in_brackets(name), name_in_brackets(address)));
    } else {
      incoming.attachments.push_back({text_or(file, "id"), std::move(name),
                                      type_of_mime(text_or(file, "mimetype")),
                                      number_or(file, "size")});
    }
  }
}

void add_quote(std::string who, const std::string& mrkdwn, Incoming& incoming) {
  std::string text = slack_plain_text(mrkdwn, "");
  if (!trim(text).empty()) incoming.quotes.push_back({std::move(who), std::move(text)});
}

// Messages that were shared, and their files. The preview of a link is none, unless there is
// nothing else.
void read_shared(const json& message, Incoming& incoming) {
  const bool is_alone = trim(incoming.text).empty();
  for (const json& shared : list_in(message, "attachments")) {
    if (!shared.is_object()) continue;
    const bool is_message = flag_or(shared, "is_share") || flag_or(shared, "is_msg_unfurl");
    if (!is_message && !is_alone) continue;
    std::string text = slack_words(shared);
    for (const json& part : list_in(shared, "message_blocks")) {
      if (trim(text).empty() && part.is_object())
        text = slack_blocks_text(list_in(object_in(part, "message"), "blocks"));
    }
    if (const std::string title = text_or(shared, "title"); !title.empty() && !is_message)
      text.insert(0, title + "\n");
    if (trim(text).empty()) text = text_or(shared, "fallback");
    add_quote(text_or(shared, "author_name"), text, incoming);
    read_files(shared, incoming);
  }
}

}  // namespace

std::string slack_words(const json& message) {
  std::string text = text_or(message, "text");
  return trim(text).empty() ? slack_blocks_text(list_in(message, "blocks")) : text;
}

bool slack_mentions(std::string_view mrkdwn, const std::string& user) {
  if (user.empty()) return false;
  const std::string mention = "<@" + user;
  for (const Piece& piece : pieces_of(mrkdwn)) {
    if (piece.is_code) continue;
    for (size_t at = 0; (at = piece.text.find(mention, at)) != std::string_view::npos; ++at) {
      const std::string_view rest = piece.text.substr(at + mention.size());
      if (rest.starts_with('>') || rest.starts_with('|')) return true;
    }
  }
  return false;
}

std::string slack_plain_text(std::string_view mrkdwn, const std::string& bot) {
  std::string out;
  for (const Piece& piece : pieces_of(mrkdwn)) out += unlinked(piece, bot);
  return replaced(replaced(replaced(out, "&lt;", "<"), "&gt;", ">"), "&amp;", "&");
}

void read_slack_content(const json& message, const std::string& bot, Incoming& incoming) {
  incoming.text = slack_plain_text(slack_words(message), bot);
  read_shared(message, incoming);
  read_files(message, incoming);
  // What a reply that goes to the channel too replies to.
  if (const json& root = object_in(message, "root"); text_or(root, "user") != bot)
    add_quote("", slack_words(root), incoming);
  for (const char* list : {"blocks", "attachments", "files"}) {
    if (!list_in(message, list).empty())
      incoming.unreadable = {"a kind of message I do not know", "未知类型的消息"};
  }
}

}  // namespace ai_bot
