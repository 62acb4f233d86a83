// Discord's Gateway, version 10: messages in groups and direct chats. A connection that breaks is
// resumed where it was, so that Discord sends again what we did not see.
#pragma once

#include <nlohmann/json.hpp>
#include <set>

#include "channels/discord.h"
#include "channels/socket.h"

namespace ai_bot {

class DiscordSocket : public SocketProtocol {
 public:
  DiscordSocket(const DiscordChannel& channel, ChannelConfig config)
      : channel_(channel), config_(std::move(config)) {}

  // Discord counts the IDENTIFYs of a day and takes the bot's token away from whoever goes on
  // after the last one ("Session Start Limit": 1,000 a day). So many of those it grants are never
  // used, …
  static constexpr int64_t kKeptIdentifies = 10;
  // … and ai_bot sends at most so many in kIdentifyWindow, whatever is granted.
  static constexpr int64_t kMostIdentifies = 500;
  static constexpr milliseconds kIdentifyWindow{24 * 3600 * 1000};

  HttpRequest open_request() const override;
  Result<std::string> read_address(const HttpReply& response, int64_t now_ms) override;
  void on_open() override;
  std::optional<Text> on_close(int code) override;
  // 1000 and 1001 would end the session.
  int close_code() const override { return 4900; }
  SocketStep on_frame(std::string_view frame, const Identity* self, int64_t now_ms) override;
  milliseconds heartbeat_every() const override { return heartbeat_; }
  std::string heartbeat() override;
  bool is_deaf() const override { return unanswered_; }
  void committed(int64_t mark) override;

 private:
  std::string identify(int64_t now_ms);
  std::string beat() const;
  void on_dispatch(const nlohmann::json& message, const nlohmann::json& data, int64_t now_ms,
                   SocketStep& step);
  Result<void> may_identify(const nlohmann::json& limit, int64_t now_ms) const;
  void forget_session();

  const DiscordChannel& channel_;
  const ChannelConfig config_;
  milliseconds heartbeat_{0};
  bool unanswered_ = false;  // the last heartbeat
  int64_t seen_ = -1;        // the sequence of the last dispatch
  // Of dispatches whose events are not on disk yet: RESUME begins before the first of them.
  std::set<int64_t> uncommitted_;
  DiscordKnown known_;
  std::string session_;  // empty: none to resume
  std::string resume_address_;
  int64_t window_began_ms_ = 0;
  int64_t identifies_ = 0;  // since then
};

}  // namespace ai_bot
