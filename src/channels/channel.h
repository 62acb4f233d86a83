// What a chat platform is to ai_bot: bytes in, one Event; one Reply, a request out. Nothing here
// does any I/O, so every platform is tested with recorded bytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "core/message.h"
#include "core/result.h"
#include "net/http_client.h"

namespace ai_bot {

// One POST to a webhook, as it came.
struct WebhookRequest {
  std::string_view body;
  // The value of a header (any case), or an empty string.
  std::function<std::string(const char* name)> header;
  int64_t now_ms = 0;
};

// What the platform said to a delivery.
struct Delivery {
  enum class Outcome { kDelivered, kRetry, kFinal };
  Outcome outcome = Outcome::kDelivered;
  std::string why;                          // for logs and the dead letters, in English; no secrets
  std::optional<milliseconds> retry_after;  // what the platform asked for
};

class Channel {
 public:
  virtual ~Channel() = default;

  // Verifies the signature over the raw bytes, then reads the event (without request_id). Errors:
  // kUnauthorized without any detail an attacker could use, kInvalid naming the field.
  virtual Result<Event> receive(const WebhookRequest& request) const = 0;

  // True when answers are fetched by the asker (in the response to its request) and never sent.
  virtual bool holds_replies() const = 0;

  virtual HttpRequest render(const Reply& reply, int64_t now_ms) const = 0;
  virtual Delivery judge(const HttpReply& response) const = 0;
};

struct ChannelLimits {
  size_t max_message = 32 << 10;  // bytes of a text
};

// Makes the channel of a configuration; the table of platforms stands in channel.cc.
std::unique_ptr<Channel> make_channel(const ChannelConfig& config, const ChannelLimits& limits);

}  // namespace ai_bot
