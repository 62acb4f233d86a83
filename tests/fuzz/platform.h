// What the platforms' fuzz targets share. A target signs the fuzzer's bytes with the platform's own
// secret, so that the parser behind the verification is reached, and offers them unsigned too,
// which must never be taken.
#pragma once

#include <cstdlib>
#include <map>

#include "channels/channel.h"
#include "channels/signing.h"
#include "core/utf8.h"

namespace ai_bot::fuzz {

constexpr int64_t kNowMs = 1767225600000;
inline const std::string kNow = "1767225600";

using Values = std::map<std::string, std::string>;

inline WebhookRequest request(std::string_view body, Values headers, Values query = {}) {
  const auto reader = [](Values values) {
    return [values = std::move(values)](const char* name) {
      const auto at = values.find(name);
      return at == values.end() ? std::string() : at->second;
    };
  };
  WebhookRequest request;
  request.body = body;
  request.header = reader(std::move(headers));
  request.query = reader(std::move(query));
  request.now_ms = kNowMs;
  static const auto self = std::make_shared<const Identity>(Identity{"42", "team_bot"});
  request.self = self;
  return request;
}

// A request that is authentic may be anything, but an event that comes of it is a sound one.
inline void take(const Channel& channel, const WebhookRequest& request) {
  const auto reading = channel.receive(request);
  if (!reading || !reading->event) return;
  const Event& event = *reading->event;
  if (event.event_id.empty() || event.conversation.empty()) std::abort();
  if (event.text.empty() && event.fixed_answer.empty()) std::abort();
  if (!is_valid_utf8(event.text)) std::abort();
  // What render() will read must be there, whatever stood in the message.
  Reply reply;
  reply.address = event.address;
  for (const std::string& text : channel.compose(event.text)) {
    reply.text = text;
    channel.render(reply, "token", kNowMs);
  }
}

inline void refuse(const Channel& channel, const WebhookRequest& request) {
  const auto reading = channel.receive(request);
  if (reading || reading.error().code != Code::kUnauthorized) std::abort();
}

}  // namespace ai_bot::fuzz
