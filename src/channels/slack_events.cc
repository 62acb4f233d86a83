// What people do in Slack, as events: messages and their edits, members, slash commands, shortcuts.
#include <set>

#include "channels/platform.h"
#include "channels/slack.h"
#include "channels/slack_content.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// The subtypes of a message that somebody writes; the others tell of what happened in a channel.
const std::set<std::string> kWritten = {
    "", "file_share", "thread_broadcast", "reply_broadcast", "me_message", "bot_message"};

// Slack tells a mention twice, milliseconds apart; only one of the two has the files.
constexpr int64_t kTwinMs = 250;

// Whose event it is, where the bot is one of them: the others installed the app for themselves.
std::string bot_of(const json& payload, const Identity* self) {
  for (const json& one : list_in(payload, "authorizations")) {
    if (one.is_object() && flag_or(one, "is_bot")) return text_or(one, "user_id");
  }
  return self == nullptr ? "" : self->id;
}

bool is_addressed(const json& message, const std::string& type, const std::string& bot) {
  if (bot.empty()) return type == "app_mention";
  const std::string words = slack_words(message);
  if (slack_mentions(words, bot)) return true;
  // Where it is in code nobody is called.
  if (type == "app_mention") return words.find("<@" + bot) == std::string::npos;
  return text_or(message, "parent_user_id") == bot;
}

// Whether Slack may tell of a message in a channel as app_mention too, without its files.
bool may_be_mention(const json& message, const std::string& bot) {
  const std::string words = slack_words(message);
  return bot.empty() ? words.find("<@") != std::string::npos : slack_mentions(words, bot);
}

// `event` says where; of most messages it is the message itself.
Incoming incoming_of(const json& message, const json& event, const std::string& bot) {
  const std::string type = text_or(event, "type");
  const std::string ts = text_or(message, "ts");
  Incoming incoming;
  incoming.chat = text_or(event, "channel");
  incoming.sender = text_or(message, "user");
  incoming.event_id = ts + ":" + incoming.chat;
  incoming.from_bot = text_or(message, "subtype") == "bot_message" ||
                      !text_or(message, "bot_id").empty() ||
                      (!bot.empty() && incoming.sender == bot);
  incoming.direct = text_or(event, "channel_type") == "im";
  incoming.addressed = is_addressed(message, type, bot);
  const bool is_mention = type == "app_mention" ? incoming.addressed : may_be_mention(message, bot);
  if (is_mention && !incoming.direct) {
    incoming.album = ts;
    incoming.album_ms = kTwinMs;
  }
  read_slack_content(message, bot, incoming);
  // In a group the answer opens a thread at the question, which is then the conversation.
  incoming.thread = text_or(message, "thread_ts", incoming.direct ? "" : ts);
  incoming.address = {{"channel", incoming.chat}};
  if (!incoming.thread.empty()) incoming.address["thread_ts"] = incoming.thread;
  if (!incoming.direct) incoming.address["user"] = incoming.sender;
  return incoming;
}

// What somebody does in a channel by a command or a shortcut; its answer may come there also where
// the bot is no member.
Incoming invocation(const json& payload, std::string chat, std::string sender) {
  Incoming incoming;
  if (const std::string id = text_or(payload, "trigger_id"); !id.empty())
    incoming.event_id = "trigger:" + id;
  incoming.chat = std::move(chat);
  incoming.sender = std::move(sender);
  incoming.direct = incoming.chat.starts_with('D');
  incoming.addressed = true;
  incoming.address = {{"channel", incoming.chat},
                      {"response_url", text_or(payload, "response_url")}};
  if (!incoming.direct) incoming.address["user"] = incoming.sender;
  return incoming;
}

}  // namespace

Reading SlackChannel::read(const json& payload, const Identity* self, int64_t now_ms) const {
  const json& event = object_in(payload, "event");
  if (text_or(payload, "type") != "event_callback") return ignored("unknown");
  const std::string type = text_or(event, "type");
  const std::string bot = bot_of(payload, self);
  if (type == "message" || type == "app_mention") return read_message(event, bot, now_ms);
  if (type != "member_joined_channel" && type != "member_left_channel") return ignored("unknown");
  using Kind = Incoming::Kind;
  const bool joined = type == "member_joined_channel";
  Incoming incoming;
  incoming.event_id = text_or(payload, "event_id");
  incoming.chat = text_or(event, "channel");
  incoming.sender = text_or(event, "user");
  const bool is_bot = !bot.empty() && incoming.sender == bot;
  incoming.kind = joined ? (is_bot ? Kind::kBotAdded : Kind::kMemberJoined)
                         : (is_bot ? Kind::kBotRemoved : Kind::kMemberLeft);
  incoming.address = {{"channel", incoming.chat}};
  if (incoming.kind == Kind::kMemberJoined) incoming.address["user"] = incoming.sender;
  return decide(config_, limits_, std::move(incoming), now_ms);
}

Reading SlackChannel::read_message(const json& event, const std::string& bot,
                                   int64_t now_ms) const {
  const bool is_changed = text_or(event, "subtype") == "message_changed";
  const json& message = is_changed ? object_in(event, "message") : event;
  if (!kWritten.contains(text_or(message, "subtype"))) return ignored("unknown");
  Incoming incoming = incoming_of(message, event, bot);
  if (is_changed) {
    // Slack changes a message too, when it has looked at its links.
    const auto edited = [](const json& version) {
      return text_or(object_in(version, "edited"), "ts");
    };
    const std::string when = edited(message);
    if (when.empty() || when == edited(object_in(event, "previous_message")))
      return ignored("unknown");
    const std::string album = incoming.album;
    mark_as_edit(incoming, incoming.text);
    incoming.album = album;  // as which the message itself was taken in
  }
  return decide(config_, limits_, std::move(incoming), now_ms);
}

// "Implementing slash commands".
Reading SlackChannel::read_command(const json& payload, int64_t now_ms) const {
  Incoming incoming =
      invocation(payload, text_or(payload, "channel_id"), text_or(payload, "user_id"));
  incoming.text = slack_plain_text(text_or(payload, "text"), "");
  if (incoming.text.empty()) incoming.text = "/help";
  Reading reading = decide(config_, limits_, std::move(incoming), now_ms);
  reading.answer = {200, "text/plain", ""};
  // So that others see what was asked, as they see the answer.
  if (reading.event)
    reading.answer = {200, "application/json", R"({"response_type":"in_channel"})"};
  return reading;
}

// "Handling user interaction": a shortcut on a message asks what the message says; buttons and
// dialogs, of which ai_bot sends none, are acknowledged.
Reading SlackChannel::read_interaction(const json& payload, int64_t now_ms) const {
  Reading reading = ignored("unknown");
  if (text_or(payload, "type") == "message_action") {
    const json& message = object_in(payload, "message");
    Incoming incoming = invocation(payload, text_or(object_in(payload, "channel"), "id"),
                                   text_or(object_in(payload, "user"), "id"));
    read_slack_content(message, "", incoming);
    const std::string ts = text_or(message, "ts");
    incoming.thread = text_or(message, "thread_ts", incoming.direct ? "" : ts);
    if (!incoming.thread.empty()) incoming.address["thread_ts"] = incoming.thread;
    reading = decide(config_, limits_, std::move(incoming), now_ms);
  }
  reading.answer = {200, "text/plain", ""};
  return reading;
}

}  // namespace ai_bot
