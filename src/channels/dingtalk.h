// DingTalk (docs/channels/dingtalk.md): a robot of an internal app, by webhook or Stream.
//
// Authenticity: the header `sign` is base64 HMAC-SHA256(client secret, timestamp + "\n" + client
// secret), with the header `timestamp` in milliseconds. The body is not under it.
//
// An answer grows in a card: DingTalk's own template for answers of models, which its SDK calls
// AIMarkdownCardInstance (dingtalk-stream, card_instance.py). Where that is not permitted, answers
// go to the conversation's own address (sessionWebhook) while that is valid, since only there the
// asker can be mentioned; later, and where DingTalk says that address is over, by the robot's API.
#pragma once

#include <nlohmann/json.hpp>

#include "channels/channel.h"

namespace ai_bot {

class DingTalkChannel : public Channel {
 public:
  // "Robot message types": Markdown texts of at most 5,000 characters are shown whole.
  static constexpr size_t kLongestText = 5000;
  // How ids of conversations begin (openConversationId, "cid6******=="); staff ids do not.
  static constexpr const char* kGroupId = "cid";
  // In the id of a draft, between the card's own and the one by which it can be recalled.
  static constexpr char kCarrier = ' ';

  static void keys(Visitor& v, ChannelConfig& c);
  static void check(const ChannelCheck& check);

  DingTalkChannel(ChannelConfig config, const ChannelLimits& limits);

  Result<Reading> receive(const WebhookRequest& request) const override;
  // The event of a payload whose authenticity is certain (the webhook's body, Stream).
  Reading read(const nlohmann::json& message, int64_t now_ms) const;

  std::vector<std::string> compose(const std::string& answer) const override;
  std::string address_for(const std::string& chat) const override;
  HttpRequest render(const Reply& reply, const std::string& token, int64_t now_ms) const override;
  Delivery judge(const HttpReply& response) const override;
  std::optional<HttpRequest> retract(const Reply& reply, const std::string& token) const override;
  std::optional<HttpRequest> token_request() const override;
  Result<AccessToken> read_token(const HttpReply& response) const override;
  std::unique_ptr<SocketProtocol> socket() const override;
  std::optional<HttpRequest> download(const Attachment& attachment,
                                      const std::string& token) const override;
  bool downloads_in_two_steps() const override { return true; }
  std::optional<HttpRequest> download_from(const HttpReply& response) const override;
  bool edits() const override { return true; }
  std::vector<Probe> probes(const std::string& token) const override;

 private:
  // The card an answer grows in: made, changed while it grows, and finished.
  HttpRequest card_request(const Reply& reply, const std::string& token) const;
  // A message to the conversation's own address, or by the robot's API.
  HttpRequest session_request(const Reply& reply, const nlohmann::json& address,
                              const std::string& webhook) const;
  HttpRequest robot_request(const Reply& reply, const nlohmann::json& address,
                            const std::string& token) const;
  HttpRequest api_request(const char* method, const char* path, const nlohmann::json& body,
                          const std::string& token) const;
  std::string url(const char* path) const;

  ChannelConfig config_;
  ChannelLimits limits_;
};

}  // namespace ai_bot
