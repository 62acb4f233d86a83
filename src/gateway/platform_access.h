// What a channel needs of its platform before it can speak: an access token and who the bot is.
// Both are fetched when they are first needed and kept. Nothing here waits: who asks is called
// back.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channels/channel.h"
#include "core/executor.h"
#include "core/mutex.h"

namespace ai_bot {

class PlatformAccess : public std::enable_shared_from_this<PlatformAccess> {
 public:
  using OnToken = std::function<void(Result<std::string> token)>;
  using Over = std::function<bool()>;

  // A platform that gave no token is not asked again for so long: whoever wants one hears the same
  // at once, with the rest of the time in Error::retry_after.
  static constexpr milliseconds kFailureKept{5000};

  // `name` is the channel's. `http` is stopped before `clock` and the channel go.
  PlatformAccess(std::string name, std::shared_ptr<const Channel> channel, HttpClient& http,
                 milliseconds timeout, Clock& clock = Clock::system());

  // The access token, fetched again shortly before it ends; empty where the platform has none. At
  // most one fetch is under way, for all that wait. `on_token` is called once and must not wait: at
  // once, on the caller's thread, when the answer is known; otherwise on the HTTP client's, within
  // `timeout`. Optional: `over`, asked there several times a second while it waits; once it is true
  // the answer is kCancelled.
  void token(OnToken on_token, Over over = nullptr);
  // The platform called this token invalid: the next call fetches another.
  void forget(const std::string& token);

  // None until the platform has said it; always there where the platform is not asked.
  std::shared_ptr<const Identity> identity() const;
  bool needs_identity() const;
  // Asks the platform, if need be, and again (after 1 s, at last every 60 s) until it has said who
  // the bot is or stop() is called. What keeps it from that is logged when it changes. Returns at
  // once. Once. `timers` is stopped before it goes.
  void learn_identity(Executor& timers);
  // Asks no more who the bot is; tokens can still be had.
  void stop() { stopping_ = true; }

 private:
  struct Waiting {
    OnToken on_token;
    Over over;
  };

  // One question to the platform. Whatever is thrown on the way is an Error: `done` is called.
  template <class T>
  void ask(const std::function<std::optional<HttpRequest>()>& make,
           Result<T> (Channel::*read)(const HttpReply&) const, std::function<bool()> abandoned,
           std::function<void(Result<T>)> done);
  void fetch_token();
  void token_came(const Result<AccessToken>& token);
  // Lets those go that do not want it any more.
  void drop_over();
  // What can be said without the platform.
  std::optional<Result<std::string>> known_token() const REQUIRES(mutex_);
  void ask_identity(Executor& timers, milliseconds wait);
  void introduce();
  void identity_came(Result<Identity> identity, Executor& timers, milliseconds wait);

  const std::string name_;
  const std::shared_ptr<const Channel> channel_;
  HttpClient& http_;
  const milliseconds timeout_;
  Clock& clock_;
  const bool has_tokens_;
  std::atomic<bool> stopping_{false};
  mutable Mutex mutex_;
  AccessToken token_ GUARDED_BY(mutex_);
  SteadyTime token_until_ GUARDED_BY(mutex_);
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  SteadyTime failure_until_ GUARDED_BY(mutex_);
  bool is_fetching_ GUARDED_BY(mutex_) = false;
  std::vector<Waiting> waiting_ GUARDED_BY(mutex_);  // for the fetch under way
  std::shared_ptr<const Identity> identity_ GUARDED_BY(mutex_);
  std::string identity_problem_ GUARDED_BY(mutex_);  // the last that was logged
};

}  // namespace ai_bot
