// What a Slack message says: its words, files, and what it shares ("message event", "Formatting
// message text").
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "channels/incoming.h"

namespace ai_bot {

// The message's mrkdwn; of one that has none, its blocks'.
std::string slack_words(const nlohmann::json& message);

// Whether mrkdwn mentions this user. In code nobody is mentioned.
bool slack_mentions(std::string_view mrkdwn, const std::string& user);

// mrkdwn as plain text; mentions of the bot (empty: not known) are left out.
std::string slack_plain_text(std::string_view mrkdwn, const std::string& bot);

// Fills in text, attachments, quotes and unreadable. Files that can't be had are told in the text.
void read_slack_content(const nlohmann::json& message, const std::string& bot, Incoming& incoming);

}  // namespace ai_bot
