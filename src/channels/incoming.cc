#include "channels/incoming.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/quotation.h"
#include "channels/signing.h"
#include "core/language.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

constexpr size_t kLongestName = 200;    // bytes, of a person or file in a text
constexpr size_t kLongestThing = 4096;  // bytes, of a poll or a place in a text
constexpr size_t kVersionDigits = 16;

bool holds(const std::vector<std::string>& list, const std::string& id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

bool allows(const std::vector<std::string>& list, const std::string& id) {
  return list.empty() || holds(list, id);
}

bool allows_conversation(const AllowConfig& allow, const Incoming& incoming) {
  return allows(allow.conversations, incoming.chat) ||
         (!incoming.parent.empty() && holds(allow.conversations, incoming.parent));
}

std::string in_brackets(std::string_view text, size_t most) {
  std::string shown = one_line(text, most);
  std::replace(shown.begin(), shown.end(), '[', '(');
  std::replace(shown.begin(), shown.end(), ']', ')');
  return shown;
}

// Whether the text begins with the prefix, which is then removed.
bool take_prefix(std::string& text, const std::string& prefix) {
  if (prefix.empty() || !text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  return true;
}

std::string conversation_of(const ChannelConfig& config, const Incoming& incoming) {
  std::string key = incoming.chat;
  if (config.scope != "conversation" && !incoming.thread.empty()) key += "/" + incoming.thread;
  if (config.scope == "user" && !incoming.direct) key += "/" + incoming.sender;
  return key;
}

// As much of them as the room (in bytes) allows.
std::string text_of(const std::vector<Quote>& quotes, Language language, size_t room) {
  std::string text;
  for (const Quote& quote : quotes) {
    if (text.size() >= room) break;
    const Text title = quote.who.empty() ? Text{"quoted", "引用"}
                                         : Text{"quoted from " + quote.who, "引用 " + quote.who};
    text += quotation(title.in(language), quote.text, room - text.size());
  }
  return std::string(truncate_utf8(text, room));
}

bool has_words(const Incoming& incoming) {
  return !files_in_text(incoming.attachments).empty() || !incoming.quotes.empty() ||
         !trim(incoming.text).empty();
}

std::string cannot_read(const Text& what) {
  return fmt::format(
      "我看不懂这类消息（{}），请用文字发给我。\n\nI can't read this ({}). Please send it as text.",
      what.zh, what.en);
}

Event event_of(const ChannelConfig& config, Incoming& incoming, int64_t now_ms) {
  Event event;
  event.channel = config.name;
  event.event_id = std::move(incoming.event_id);
  event.conversation = conversation_of(config, incoming);
  event.sender = std::move(incoming.sender);
  event.received_ms = now_ms;
  event.address = incoming.address.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  event.attachments = std::move(incoming.attachments);
  event.album = std::move(incoming.album);
  event.album_ms = incoming.album_ms;
  event.edits = std::move(incoming.edits);
  return event;
}

Reading accepted(Event event) {
  Reading received;
  received.event = std::move(event);
  return received;
}

}  // namespace

std::string name_in_text(const std::string& name) { return one_line(name, kLongestName); }

std::string name_in_brackets(const std::string& name) { return in_brackets(name, kLongestName); }

std::string bracketed(const std::string& kind, const std::string& words) {
  const std::string shown = in_brackets(words, kLongestThing);
  return trim(shown).empty() ? fmt::format("[{}]", kind)
                             : fmt::format("[{}: {}]", kind, trim(shown));
}

void mark_as_edit(Incoming& incoming, std::string_view said) {
  if (incoming.event_id.empty()) return;
  incoming.edits = incoming.event_id;
  incoming.event_id += "/edit:" + to_hex(sha256(said)).substr(0, kVersionDigits);
  incoming.album.clear();
}

std::string files_in_text(const std::vector<Attachment>& attachments) {
  std::string text;
  for (const Attachment& a : attachments) {
    if (a.type == "quote") continue;
    const std::string name = name_in_brackets(a.name);
    text +=
        fmt::format("{}[{}: {}]", text.empty() ? "" : " ", a.type, name.empty() ? a.type : name);
  }
  return text;
}

Reading ignored(std::string outcome) {
  Reading received;
  received.outcome = std::move(outcome);
  return received;
}

Reading handshake(WebhookAnswer answer) {
  Reading received;
  received.answer = std::move(answer);
  received.outcome = "handshake";
  return received;
}

Reading decide(const ChannelConfig& config, const ChannelLimits& limits, Incoming incoming,
               int64_t now_ms) {
  using Kind = Incoming::Kind;
  if (incoming.from_bot) return ignored("bot_message");
  if (incoming.event_id.empty() || incoming.chat.empty()) return ignored("unknown");
  if (!allows_conversation(config.allow, incoming)) return ignored("not_allowed");
  if (incoming.kind == Kind::kBotRemoved || incoming.kind == Kind::kMemberLeft)
    return ignored("left");
  if (incoming.kind != Kind::kMessage) {
    const bool joined = incoming.kind == Kind::kBotAdded;
    const std::string& text = joined ? config.greeting : config.welcome;
    if (text.empty()) return ignored("joined");
    Event event = event_of(config, incoming, now_ms);
    event.fixed_answer = text;
    return accepted(std::move(event));
  }
  if (!allows(config.allow.users, incoming.sender)) return ignored("not_allowed");
  std::string text(trim(incoming.text));
  const bool prefixed = take_prefix(text, config.answer.prefix);
  const bool is_meant =
      incoming.direct || incoming.addressed || prefixed || config.answer.groups == "all";
  if (!is_meant && incoming.album.empty()) return ignored("not_addressed");
  if (!incoming.unreadable.en.empty() && !has_words(incoming)) {
    const bool is_told = incoming.direct || incoming.addressed;
    if (!is_told) return ignored("unknown");
    Event event = event_of(config, incoming, now_ms);
    event.fixed_answer = cannot_read(incoming.unreadable);
    return accepted(std::move(event));
  }
  const std::string files = files_in_text(incoming.attachments);
  if (!files.empty()) text += (text.empty() ? "" : "\n") + files;
  // Somebody mentions the bot in a reply and says no more: what it replies to is the question.
  if (text.empty() && !incoming.attachments.empty()) text = "[quote]";
  // A command stands alone.
  if (!text.starts_with('/') && text.size() < limits.max_message)
    text += text_of(incoming.quotes, language_of(text), limits.max_message - text.size());
  Event event = event_of(config, incoming, now_ms);
  event.only_joins = !is_meant;
  event.text = trim(text);
  if (event.text.empty()) return ignored("empty");
  if (!is_valid_utf8(event.text)) return ignored("unknown");
  if (event.text.size() > limits.max_message) {
    event.text = truncate_utf8(event.text, limits.max_message);
    event.fixed_answer =
        Text{fmt::format("This message is too long: at most {} bytes (assistant.max_message).",
                         limits.max_message),
             fmt::format("消息过长：最多 {} 字节（assistant.max_message）。", limits.max_message)}
            .in(language_of(event.text));
  }
  return accepted(std::move(event));
}

}  // namespace ai_bot
