// Telegram (docs/channels/telegram.md): the Bot API, by webhook or long polling.
//
// Authenticity: X-Telegram-Bot-Api-Secret-Token is the secret given to setWebhook. There is no
// timestamp and no signature; a message that is told again is known by its chat and number.
#pragma once

#include <nlohmann/json.hpp>

#include "channels/channel.h"

namespace ai_bot {

class TelegramChannel : public Channel {
 public:
  static constexpr size_t kLongestText = 4096;  // UTF-16 units, sendMessage

  static void keys(Visitor& v, ChannelConfig& c);
  static void check(const ChannelCheck& check);

  TelegramChannel(ChannelConfig config, const ChannelLimits& limits);

  Result<Reading> receive(const WebhookRequest& request) const override;
  // The event of one Update, from a webhook or from getUpdates.
  Result<Reading> read(const nlohmann::json& update, const Identity* self, int64_t now_ms) const;

  std::vector<std::string> compose(const std::string& answer) const override;
  std::string address_for(const std::string& chat) const override;
  HttpRequest render(const Reply& reply, const std::string& token, int64_t now_ms) const override;
  Delivery judge(const HttpReply& response) const override;
  std::optional<HttpRequest> retract(const Reply& reply, const std::string& token) const override;
  std::optional<HttpRequest> identity_request(const std::string& token) const override;
  Result<Identity> read_identity(const HttpReply& response) const override;
  // The menu of commands, in both languages.
  std::vector<HttpRequest> introductions(const std::string& token) const override;
  bool edits() const override { return true; }
  // getUpdates; the cursor is its offset, which confirms all updates before it.
  bool polls() const override { return true; }
  HttpRequest poll_request(const std::string& cursor, std::chrono::seconds wait) const override;
  Result<Polled> read_poll(const HttpReply& response, const Identity* self,
                           int64_t now_ms) const override;
  std::optional<HttpRequest> typing(const std::string& address,
                                    const std::string& token) const override;
  std::optional<HttpRequest> download(const Attachment& attachment,
                                      const std::string& token) const override;
  bool downloads_in_two_steps() const override { return true; }
  std::optional<HttpRequest> download_from(const HttpReply& response) const override;
  std::vector<Probe> probes(const std::string& token) const override;

 private:
  std::string url(const char* method) const;
  std::string bot_id() const;
  Reading read_membership(const nlohmann::json& update, const nlohmann::json& changed,
                          int64_t now_ms) const;
  Result<Reading> read_message(const nlohmann::json& message, bool is_edit, const Identity* self,
                               int64_t now_ms) const;

  ChannelConfig config_;
  ChannelLimits limits_;
};

}  // namespace ai_bot
