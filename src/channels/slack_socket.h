// Slack's Socket Mode: the same events as by webhook, each in an envelope that is acknowledged by
// its id.
#pragma once

#include "channels/slack.h"
#include "channels/socket.h"

namespace ai_bot {

class SlackSocket : public SocketProtocol {
 public:
  SlackSocket(const SlackChannel& channel, ChannelConfig config)
      : channel_(channel), config_(std::move(config)) {}

  HttpRequest open_request() const override;
  Result<std::string> read_address(const HttpReply& response, int64_t now_ms) override;
  SocketStep on_frame(std::string_view frame, const Identity* self, int64_t now_ms) override;

 private:
  const SlackChannel& channel_;
  const ChannelConfig config_;
};

}  // namespace ai_bot
