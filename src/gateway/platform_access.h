// What a channel needs of its platform before it can speak: an access token and who the bot is.
// Both are fetched when they are first needed and kept; a token is fetched once for all that wait.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "channels/channel.h"

namespace ai_bot {

class PlatformAccess {
 public:
  PlatformAccess(std::shared_ptr<const Channel> channel, HttpClient& http, milliseconds timeout);

  // The access token, fetched again shortly before it ends; empty where the platform has none.
  // Waits for the platform; at most one fetch is under way.
  Result<std::string> token();
  // The platform called this token invalid: the next call fetches another.
  void forget(const std::string& token);

  // None until learn_identity() succeeded; always there where the platform is not asked.
  std::shared_ptr<const Identity> identity() const;
  bool needs_identity() const;
  // Asks the platform; waits for it.
  Result<void> learn_identity();

 private:
  Result<HttpReply> fetch(HttpRequest request) const;

  const std::shared_ptr<const Channel> channel_;
  HttpClient& http_;
  const milliseconds timeout_;
  std::mutex token_mutex_;
  AccessToken token_;
  SteadyTime token_until_;
  mutable std::mutex identity_mutex_;
  std::shared_ptr<const Identity> identity_;
};

}  // namespace ai_bot
