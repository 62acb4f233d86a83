// Discord's Gateway, version 10: messages in groups and direct chats. A connection that breaks is
// resumed where it was, so that Discord sends again what we did not see.
#pragma once

#include "channels/discord.h"
#include "channels/socket.h"

namespace ai_bot {

class DiscordSocket : public SocketProtocol {
 public:
  DiscordSocket(const DiscordChannel& channel, ChannelConfig config)
      : channel_(channel), config_(std::move(config)) {}

  HttpRequest open_request() const override;
  Result<std::string> read_address(const HttpReply& response) override;
  SocketStep on_frame(std::string_view frame, const Identity* self, int64_t now_ms) override;
  milliseconds heartbeat_every() const override { return heartbeat_; }
  std::string heartbeat() const override;

 private:
  std::string identify() const;

  const DiscordChannel& channel_;
  const ChannelConfig config_;
  milliseconds heartbeat_{0};
  int64_t sequence_ = -1;  // the last one seen
  std::string session_;    // empty: none to resume
  std::string resume_address_;
};

}  // namespace ai_bot
