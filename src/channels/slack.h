// Slack (docs/channels/slack.md): the Events API in, the Web API out.
//
// Authenticity: X-Slack-Signature is "v0=" + hex HMAC-SHA256(signing secret, "v0:" + timestamp +
// ":" + body), see "Verifying requests from Slack". Slack tells a mention twice where an app has
// both subscriptions (app_mention and message), in any order, and only the message has its files:
// the two are parts of one (Event::album).
#pragma once

#include <nlohmann/json.hpp>

#include "channels/channel.h"

namespace ai_bot {

class SlackChannel : public Channel {
 public:
  // Bytes, of which chat.update takes 4,000 after escaping (chat.postMessage takes more, but a
  // draft that could not become the answer would stay beside it); the mention of the asker takes
  // the rest.
  static constexpr size_t kLongestText = 3900;

  static void keys(Visitor& v, ChannelConfig& c);
  static void check(const ChannelCheck& check);

  SlackChannel(ChannelConfig config, const ChannelLimits& limits);

  Result<Reading> receive(const WebhookRequest& request) const override;
  // Whether a later attempt may get past this error of the Web API.
  static bool is_passing_error(const std::string& error);
  // The event of a payload whose authenticity is certain (the webhook's body, Socket Mode). `self`:
  // null while it is not known, which most payloads tell themselves.
  Reading read(const nlohmann::json& payload, const Identity* self, int64_t now_ms) const;
  Reading read_command(const nlohmann::json& payload, int64_t now_ms) const;
  Reading read_interaction(const nlohmann::json& payload, int64_t now_ms) const;

  std::vector<std::string> compose(const std::string& answer) const override;
  std::string address_for(const std::string& chat) const override;
  HttpRequest render(const Reply& reply, const std::string& token, int64_t now_ms) const override;
  Delivery judge(const HttpReply& response) const override;
  std::optional<HttpRequest> retract(const Reply& reply, const std::string& token) const override;
  std::optional<HttpRequest> identity_request(const std::string& token) const override;
  Result<Identity> read_identity(const HttpReply& response) const override;
  bool edits() const override { return true; }
  std::unique_ptr<SocketProtocol> socket() const override;
  std::optional<HttpRequest> download(const Attachment& attachment,
                                      const std::string& token) const override;
  bool downloads_in_two_steps() const override { return true; }
  std::optional<HttpRequest> download_from(const HttpReply& response) const override;
  std::vector<Probe> probes(const std::string& token) const override;

 private:
  std::string url(const char* method) const;
  // A call of the Web API with the bot's token.
  HttpRequest call(const char* method, const nlohmann::json& body) const;
  Reading read_form(std::string_view form, int64_t now_ms) const;
  Reading read_message(const nlohmann::json& event, const std::string& bot, int64_t now_ms) const;

  ChannelConfig config_;
  ChannelLimits limits_;
};

}  // namespace ai_bot
