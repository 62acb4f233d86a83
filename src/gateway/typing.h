// "Typing …" in a conversation, shown again and again while an answer is made: platforms take it
// away after some seconds.
#pragma once

#include <memory>
#include <string>

#include "gateway/channel_entry.h"
#include "gateway/outgoing.h"

namespace ai_bot {

class Typing : public std::enable_shared_from_this<Typing> {
 public:
  // Telegram's lasts 5 s (core.telegram.org/bots/api#sendchataction), Discord's 10 s.
  static constexpr milliseconds kEvery{4000};

  // `address` as in the event. `channel` outlives it.
  Typing(const ChannelEntry& channel, const Outgoing& outgoing, std::string address);

  // Begins; it ends when nobody holds this any more. Waits for nobody, and what fails is left.
  void show();

 private:
  void send(const std::string& token);
  void later();

  const ChannelEntry& channel_;
  const Outgoing outgoing_;
  const std::string address_;
};

}  // namespace ai_bot
