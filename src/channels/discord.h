// Discord (docs/channels/discord.md): slash commands by the interactions webhook, messages by the
// Gateway.
//
// Authenticity: X-Signature-Ed25519 over X-Signature-Timestamp + body ("Security and
// authorization"). A command must be answered within 3 s: it is deferred ("thinking …"), and the
// answer changes that message for as long as its token lives (15 minutes); later it is an ordinary
// message in the channel.
#pragma once

#include <nlohmann/json.hpp>

#include "channels/channel.h"
#include "channels/discord_known.h"

namespace ai_bot {

class DiscordChannel : public Channel {
 public:
  static constexpr size_t kLongestText = 2000;  // "Create Message": content

  static void keys(Visitor& v, ChannelConfig& c);
  static void check(const ChannelCheck& check);

  DiscordChannel(ChannelConfig config, const ChannelLimits& limits);

  Result<Reading> receive(const WebhookRequest& request) const override;
  // The event of a Gateway dispatch (MESSAGE_CREATE, MESSAGE_UPDATE).
  Reading read(const std::string& type, const nlohmann::json& data, int64_t now_ms,
               const DiscordKnown& known = {}) const;

  // An interaction, from the webhook or, where no address for them is set, the Gateway.
  Result<Reading> read_interaction(const nlohmann::json& interaction, int64_t now_ms) const;
  // Tells Discord what came of it ("Create Interaction Response").
  HttpRequest answer_interaction(const nlohmann::json& interaction, const Reading& reading) const;

  std::vector<std::string> compose(const std::string& answer) const override;
  std::string address_for(const std::string& chat) const override;
  HttpRequest render(const Reply& reply, const std::string& token, int64_t now_ms) const override;
  Delivery judge(const HttpReply& response) const override;
  std::optional<HttpRequest> retract(const Reply& reply, const std::string& token) const override;
  bool edits() const override { return true; }
  std::optional<HttpRequest> typing(const std::string& address,
                                    const std::string& token) const override;
  std::unique_ptr<SocketProtocol> socket() const override;
  std::optional<HttpRequest> download(const Attachment& attachment,
                                      const std::string& token) const override;
  std::vector<Probe> probes(const std::string& token) const override;

 private:
  std::string url(const std::string& path) const;
  std::string authorization() const { return "Bot " + config_.bot_token.reveal(); }
  Reading read_command(const nlohmann::json& interaction, int64_t now_ms) const;

  ChannelConfig config_;
  ChannelLimits limits_;
};

}  // namespace ai_bot
