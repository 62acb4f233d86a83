// What a Discord message holds: its words with mentions as people see them, files, things that
// become a word in brackets, and the words of others that it answers or forwards.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "channels/discord_known.h"
#include "channels/incoming.h"

namespace ai_bot {

// Who reads: `bot` is the account whose mentions are removed.
struct DiscordReader {
  const DiscordKnown& known;
  const std::string& bot;

  // `content` with names in place of mentions ("Message Formatting").
  std::string words(const nlohmann::json& message) const;

  // Whether one of its roles or its account is mentioned, or the message answers one of its own.
  bool is_addressed(const nlohmann::json& message) const;

  // Fills in `text`, `attachments`, `quotes` and, when there is nothing of all that, `unreadable`.
  void read(const nlohmann::json& message, Incoming& incoming) const;

  // Another's message with its files.
  void quote(const nlohmann::json& message, Incoming& incoming) const;
};

// "Attachment Object".
Attachment discord_attachment(const nlohmann::json& file);

}  // namespace ai_bot
