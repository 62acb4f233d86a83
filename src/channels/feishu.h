// Feishu and Lark (docs/channels/feishu.md): event subscription 2.0 in, the IM API out.
//
// Authenticity: with an Encrypt Key the body is {"encrypt": base64(iv + AES-256-CBC)} under
// SHA-256(key), and X-Lark-Signature is hex SHA-256(timestamp + nonce + key + body). Without one,
// the Verification Token inside the body is all there is.
//
// Answers are cards of schema 2.0 with one Markdown element: they show tables and code, and can be
// changed while the answer grows. Where a card can't be made the answer is a rich text.
#pragma once

#include <nlohmann/json.hpp>

#include "channels/channel.h"

namespace ai_bot {

class FeishuChannel : public Channel {
 public:
  // "Request body size limits": a card may have 30 KB; the JSON around the text takes the rest.
  static constexpr size_t kLongestText = 24 << 10;  // bytes

  static void keys(Visitor& v, ChannelConfig& c);
  static void check(const ChannelCheck& check);

  FeishuChannel(ChannelConfig config, const ChannelLimits& limits);

  Result<Reading> receive(const WebhookRequest& request) const override;
  // The event of a payload whose authenticity is certain.
  Result<Reading> read(const nlohmann::json& payload, const Identity* self, int64_t now_ms) const;

  std::vector<std::string> compose(const std::string& answer) const override;
  std::string address_for(const std::string& chat) const override;
  HttpRequest render(const Reply& reply, const std::string& token, int64_t now_ms) const override;
  Delivery judge(const HttpReply& response) const override;
  std::optional<HttpRequest> retract(const Reply& reply, const std::string& token) const override;
  std::optional<HttpRequest> token_request() const override;
  Result<AccessToken> read_token(const HttpReply& response) const override;
  std::optional<HttpRequest> identity_request(const std::string& token) const override;
  Result<Identity> read_identity(const HttpReply& response) const override;
  bool edits() const override { return true; }
  std::optional<HttpRequest> download(const Attachment& attachment,
                                      const std::string& token) const override;
  std::optional<std::string> read_quoted(const HttpReply& response) const override;
  std::unique_ptr<SocketProtocol> socket() const override;
  std::vector<Probe> probes(const std::string& token) const override;

 private:
  std::string url(const std::string& path) const;
  Result<void> check_signature(const WebhookRequest& request) const;
  Result<Reading> read_message(const nlohmann::json& event, bool is_edited, const Identity* self,
                               int64_t now_ms) const;

  ChannelConfig config_;
  ChannelLimits limits_;
  Secret aes_key_;
};

}  // namespace ai_bot
