// WeCom (docs/channels/wecom.md): the callback of an internal app (encrypted XML), or of an AI bot
// (the same encryption around JSON), told apart by whether agent_id is configured.
//
// Authenticity: msg_signature is hex SHA-1 of the sorted token, timestamp, nonce and ciphertext
// ("Encryption and decryption scheme"). The plain text is 16 random bytes, a 4-byte length, the
// message, and the receiver (the corp_id of an app, nothing for an AI bot), padded to 32 bytes.
//
// Answers of an app go by message/send; those of an AI bot to the response_url that came with the
// question, which takes one message within an hour ("Active replies", document/path/101138).
#pragma once

#include <nlohmann/json.hpp>

#include "channels/channel.h"
#include "channels/incoming.h"

namespace ai_bot {

class WeComChannel : public Channel {
 public:
  static constexpr size_t kLongestText = 2048;      // bytes, markdown of message/send
  static constexpr size_t kLongestBotText = 20480;  // bytes, markdown of an AI bot

  static void keys(Visitor& v, ChannelConfig& c);
  static void check(const ChannelCheck& check);

  WeComChannel(ChannelConfig config, const ChannelLimits& limits);

  Result<Reading> receive(const WebhookRequest& request) const override;
  // The event of an AI bot's decrypted message (the webhook's, or of the long connection). That of
  // "enter_chat" has the greeting as its fixed answer and no response_url: it is said at once.
  Reading read(const nlohmann::json& message, int64_t now_ms) const;

  bool answers_once() const override { return is_ai_bot(); }
  std::vector<std::string> compose(const std::string& answer) const override;
  std::string address_for(const std::string& chat) const override;
  HttpRequest render(const Reply& reply, const std::string& token, int64_t now_ms) const override;
  Delivery judge(const HttpReply& response) const override;
  std::optional<HttpRequest> token_request() const override;
  Result<AccessToken> read_token(const HttpReply& response) const override;
  std::optional<HttpRequest> download(const Attachment& attachment,
                                      const std::string& token) const override;
  std::vector<Probe> probes(const std::string& token) const override;

 private:
  bool is_ai_bot() const { return config_.agent_id.empty(); }
  std::string url(const std::string& path) const;
  std::string signature_of(const std::string& timestamp, const std::string& nonce,
                           const std::string& cipher) const;
  // The message of a ciphertext under this signature; kUnauthorized when either is wrong.
  Result<std::string> open(const WebhookRequest& request, const std::string& cipher) const;
  // An answer within the response, encrypted and signed as the request is.
  WebhookAnswer sealed(const std::string& message, const WebhookRequest& request) const;
  Reading read_app(const std::string& xml, int64_t now_ms) const;

  ChannelConfig config_;
  ChannelLimits limits_;
};

}  // namespace ai_bot
