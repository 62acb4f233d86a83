// The generic channel: signed JSON from any system (docs/channels/generic.md).
//
//   POST body   {"event_id": "…", "conversation": "…", "sender": "…", "text": "…"}
//   headers     X-Ai-Bot-Timestamp: Unix seconds
//               X-Ai-Bot-Signature: sha256=<hex of HMAC-SHA256(secret, timestamp + "." + body)>
//
// Further keys are ignored.
//
// In callback mode each answer is a POST to callback_url, signed the same way, under an
// Idempotency-Key that is the same for every attempt; "kind" is "answer", or "notice" when no model
// could answer yet:
//
//   POST body   {"event_id", "conversation", "idempotency_key", "kind", "text"}
//
// A request repeated after the tolerance is refused by its timestamp; within it, by its event_id,
// which is under the signature and never answered twice.
#pragma once

#include "channels/channel.h"

namespace ai_bot {

class GenericChannel : public Channel {
 public:
  static constexpr const char* kTimestampHeader = "X-Ai-Bot-Timestamp";
  static constexpr const char* kSignatureHeader = "X-Ai-Bot-Signature";
  static constexpr size_t kLongestId = 256;  // bytes of event_id, conversation and sender

  static void keys(Visitor& v, ChannelConfig& c);
  static void check(const ChannelCheck& check);

  GenericChannel(ChannelConfig config, const ChannelLimits& limits);

  Result<Reading> receive(const WebhookRequest& request) const override;
  bool holds_replies() const override { return config_.mode == "sync"; }
  HttpRequest render(const Reply& reply, const std::string& token, int64_t now_ms) const override;
  Delivery judge(const HttpReply& response) const override;

  // "sha256=…" for these bytes at this time.
  static std::string sign(const std::string& secret, std::string_view timestamp,
                          std::string_view body);

 private:
  ChannelConfig config_;
  ChannelLimits limits_;
};

}  // namespace ai_bot
