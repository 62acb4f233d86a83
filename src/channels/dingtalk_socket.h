// DingTalk's Stream mode: the robot's messages as callbacks, each answered by its messageId.
#pragma once

#include "channels/dingtalk.h"
#include "channels/socket.h"

namespace ai_bot {

class DingTalkSocket : public SocketProtocol {
 public:
  // The topic of the robot's messages ("Stream mode protocol").
  static constexpr const char* kMessages = "/v1.0/im/bot/messages/get";

  DingTalkSocket(const DingTalkChannel& channel, ChannelConfig config)
      : channel_(channel), config_(std::move(config)) {}

  HttpRequest open_request() const override;
  Result<std::string> read_address(const HttpReply& response, int64_t now_ms) override;
  SocketStep on_frame(std::string_view frame, const Identity* self, int64_t now_ms) override;

 private:
  const DingTalkChannel& channel_;
  const ChannelConfig config_;
};

}  // namespace ai_bot
