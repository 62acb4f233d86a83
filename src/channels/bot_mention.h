// The mention of the bot in a group's text, where a platform writes it as text and tells neither
// the bot's name nor where a name ends: WeCom, which sends an AI bot what mentions it ("@Team
// Helper what is new?", "Receive messages", developer.work.weixin.qq.com/document/path/100719), and
// some clients of DingTalk.
#pragma once

#include <string>

namespace ai_bot {

// The text without what is surely the bot's mention. With its name that is "@" and the name. With
// none, or where the name does not stand there, it is
// - the only one who is mentioned, since the bot always is;
// - of several the only one whose name says what it is ("小助手", "Team Bot").
// A name ends where two spaces or the mark of the client (U+2005) stand, before a command, else
// after its first word and those that lead to a word that says what it is ("Team Helper Bot").
// Everybody else's name stays, and so does the bot's where it is not sure.
std::string without_bot(const std::string& text, const std::string& bot_name);

}  // namespace ai_bot
