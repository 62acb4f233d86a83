// Feishu's long connection: the same events as by webhook, in binary frames. The frame is a small
// protobuf message whose schema is not published apart from the SDKs (pbbp2.proto there):
//
//   1 SeqID  2 LogID  3 service  4 method (0 control, 1 data)      varints
//   5 headers: repeated {1 key, 2 value}    6 payload_encoding    7 payload_type
//   8 payload                                9 LogIDNew
//
// An event is acknowledged by its own frame with {"code": 200} as payload; a large one comes in
// several frames (headers sum and seq).
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "channels/feishu.h"
#include "channels/socket.h"

namespace ai_bot {

struct FeishuFrame {
  uint64_t seq_id = 0, log_id = 0;
  int64_t service = 0, method = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string payload_encoding, payload_type, payload, log_id_new;

  // Empty when there is none.
  std::string header(std::string_view key) const;
};

// No value for what is no such message.
std::optional<FeishuFrame> read_feishu_frame(std::string_view bytes);
std::string write_feishu_frame(const FeishuFrame& frame);

class FeishuSocket : public SocketProtocol {
 public:
  static constexpr size_t kLargestEvent = 1 << 20;  // bytes of all its parts
  static constexpr size_t kMostParts = 64;
  // Events whose parts come at the same time; of more the oldest is given up (it comes again).
  static constexpr size_t kMostCollected = 8;

  FeishuSocket(const FeishuChannel& channel, ChannelConfig config)
      : channel_(channel), config_(std::move(config)) {}

  bool is_binary() const override { return true; }
  HttpRequest open_request() const override;
  Result<std::string> read_address(const HttpReply& response, int64_t now_ms) override;
  SocketStep on_frame(std::string_view bytes, const Identity* self, int64_t now_ms) override;
  milliseconds heartbeat_every() const override { return ping_every_; }
  std::string heartbeat() override;
  Reconnect reconnect() const override { return reconnect_; }

 private:
  // ClientConfig, of the address' answer and of each pong: seconds.
  void take(const nlohmann::json& client_config);
  // The whole event once its last part is there.
  std::optional<std::string> collect(const FeishuFrame& frame);

  const FeishuChannel& channel_;
  const ChannelConfig config_;
  int64_t service_ = 0;
  milliseconds ping_every_{120000};
  Reconnect reconnect_;
  struct Collected {
    std::string message_id;
    std::map<size_t, std::string> parts;
    size_t bytes = 0;
  };
  std::deque<Collected> collected_;  // oldest first
};

}  // namespace ai_bot
