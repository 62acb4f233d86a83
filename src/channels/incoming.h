// What all platforms have in common: when the bot answers, whose context a message shares, what a
// greeting is. A platform's file only reads its own bytes into an Incoming.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "channels/channel.h"

namespace ai_bot {

// Somebody else's words.
struct Quote {
  std::string who;  // a name; empty: not told
  std::string text;
};

struct Incoming {
  enum class Kind { kMessage, kBotAdded, kBotRemoved, kMemberJoined, kMemberLeft };
  Kind kind = Kind::kMessage;
  // Of the message where there is one: platforms may tell one message twice. The platform's own id
  // and nothing that may differ when it is told again, or it is answered twice.
  std::string event_id;
  std::string chat;
  // Of a thread that is a conversation of its own there, the one it belongs to: where that is
  // allowed, so is the thread. Empty: none, or not known.
  std::string parent = {};
  std::string thread;  // empty: none
  std::string sender;
  std::string text;  // plain, mentions of the bot removed
  std::vector<Attachment> attachments;
  std::vector<Quote>
      quotes;  // what it replies to, forwards or shares, as far as the platform tells
  // What it is when nothing of it can be read ("a video message"), so that the person hears of it.
  Text unreadable = {};
  std::string album;  // as in Event
  int64_t album_ms = Event().album_ms;
  std::string edits;            // as in Event
  bool direct = false;          // nobody but the sender and the bot
  bool addressed = false;       // the bot is mentioned or replied to
  bool from_bot = false;        // of this bot or another one
  nlohmann::json address = {};  // what render() needs
};

// The event of a message that is to be answered, or why there is none.
Reading decide(const ChannelConfig& config, const ChannelLimits& limits, Incoming incoming,
               int64_t now_ms);

// A person's name as it stands in a text: one line, of bounded length.
std::string name_in_text(const std::string& name);

// A file's name between "[" and "]", which it cannot end.
std::string name_in_brackets(const std::string& name);

// Files as they stand in a text: "[image: image] [file: notes.txt]". What is to be fetched and read
// (a quotation) is none.
std::string files_in_text(const std::vector<Attachment>& attachments);

// What stands in a text for a thing that is none: "[sticker: 😀]", or "[sticker]" without words. One
// line, of bounded length, which its words cannot end.
std::string bracketed(const std::string& kind, const std::string& words);

// Makes it a new version of the message it is. `said` is what that says now: the same version,
// however often it is told, is one event.
void mark_as_edit(Incoming& incoming, std::string_view said);

// Something that is acknowledged and counted, and otherwise left alone.
Reading ignored(std::string outcome);

// An answer at once, without any event (a URL verification).
Reading handshake(WebhookAnswer answer);

}  // namespace ai_bot
