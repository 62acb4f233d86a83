#include "gateway/platform_access.h"

#include <algorithm>

#include "core/guarded.h"
#include "core/log.h"
#include "core/redact.h"

namespace ai_bot {
namespace {

// A token is replaced this long before it ends, so that none ends on its way.
constexpr milliseconds kTokenMargin{60000};
constexpr milliseconds kIdentityRetryMin{1000}, kIdentityRetryMax{60000};

}  // namespace

PlatformAccess::PlatformAccess(std::string name, std::shared_ptr<const Channel> channel,
                               HttpClient& http, milliseconds timeout, Clock& clock)
    : name_(std::move(name)),
      channel_(std::move(channel)),
      http_(http),
      timeout_(timeout),
      clock_(clock),
      has_tokens_(channel_->token_request().has_value()) {}

template <class T>
void PlatformAccess::ask(const std::function<std::optional<HttpRequest>()>& make,
                         Result<T> (Channel::*read)(const HttpReply&) const,
                         std::function<bool()> abandoned, std::function<void(Result<T>)> done) {
  auto request = guarded("platform_access.request", make, std::nullopt);
  if (!request) return done(fail(our_mistake()));
  request->timeouts = HttpTimeouts::all(timeout_);
  HttpStream stream;
  stream.abandoned = std::move(abandoned);
  stream.on_done = [channel = channel_, read,
                    done = std::move(done)](const Result<HttpReply>& reply) {
    if (!reply) return done(fail(reply.error()));
    done(guarded(
        "platform_access.reply", [&] { return ((*channel).*read)(*reply); },
        Result<T>(fail(our_mistake()))));
  };
  http_.start(std::move(*request), std::move(stream));
}

std::optional<Result<std::string>> PlatformAccess::known_token() const {
  const SteadyTime now = clock_.now();
  if (!token_.value.empty() && now < token_until_) return token_.value;
  if (!failure_ || now >= failure_until_) return std::nullopt;
  Error error = *failure_;
  error.retry_after = std::chrono::ceil<milliseconds>(failure_until_ - now);
  return Result<std::string>(fail(std::move(error)));
}

void PlatformAccess::token(OnToken on_token, Over over) {
  if (!has_tokens_) return on_token(std::string());
  bool begins = false;
  {
    MutexLock lock(mutex_);
    if (auto known = known_token()) {
      lock.unlock();
      return on_token(std::move(*known));
    }
    begins = !std::exchange(is_fetching_, true);
    waiting_.push_back({std::move(on_token), std::move(over)});
  }
  if (begins) fetch_token();
}

void PlatformAccess::fetch_token() {
  const auto self = shared_from_this();
  // The fetch itself is never given up: whoever wants a token next has it then.
  const auto look = [self] {
    self->drop_over();
    return false;
  };
  ask<AccessToken>([this] { return channel_->token_request(); }, &Channel::read_token, look,
                   [self](const Result<AccessToken>& token) { self->token_came(token); });
}

void PlatformAccess::token_came(const Result<AccessToken>& token) {
  std::vector<Waiting> waiting;
  if (token) keep_token(token->value);
  {
    MutexLock lock(mutex_);
    is_fetching_ = false;
    waiting.swap(waiting_);
    failure_.reset();
    if (token) {
      token_ = *token;
      // Of a token that lives shorter than the margin, the first half is used.
      token_until_ = clock_.now() + std::max(token_.valid_for - kTokenMargin, token_.valid_for / 2);
    } else {
      failure_ = token.error();
      failure_until_ = clock_.now() + kFailureKept;
    }
  }
  const Result<std::string> result =
      token ? Result<std::string>(token->value) : fail(token.error());
  for (const Waiting& one : waiting)
    guarded("platform_access.token", [&] { one.on_token(result); });
}

// On the HTTP client's thread, as token_came() is: none can come between.
void PlatformAccess::drop_over() {
  std::vector<Waiting> waiting, over;
  {
    MutexLock lock(mutex_);
    waiting.swap(waiting_);
  }
  const auto is_wanted = [](const Waiting& one) {
    return !one.over || !guarded("platform_access.over", one.over, true);
  };
  const auto at = std::stable_partition(waiting.begin(), waiting.end(), is_wanted);
  std::move(at, waiting.end(), std::back_inserter(over));
  waiting.erase(at, waiting.end());
  {
    MutexLock lock(mutex_);
    std::move(waiting_.begin(), waiting_.end(), std::back_inserter(waiting));
    waiting_.swap(waiting);
  }
  for (const Waiting& one : over) {
    guarded("platform_access.token", [&] {
      one.on_token(fail(Code::kCancelled, "the request was cancelled", "请求已取消"));
    });
  }
}

void PlatformAccess::forget(const std::string& token) {
  MutexLock lock(mutex_);
  if (token_.value == token) token_.value.clear();
}

std::shared_ptr<const Identity> PlatformAccess::identity() const {
  MutexLock lock(mutex_);
  return identity_;
}

bool PlatformAccess::needs_identity() const {
  return channel_->identity_request("").has_value() && identity() == nullptr;
}

void PlatformAccess::learn_identity(Executor& timers) {
  if (needs_identity()) ask_identity(timers, kIdentityRetryMin);
}

void PlatformAccess::ask_identity(Executor& timers, milliseconds wait) {
  const auto self = shared_from_this();
  const Over over = [self] { return self->stopping_.load(); };
  const auto done = [self, &timers, wait](Result<Identity> identity) {
    self->identity_came(std::move(identity), timers, wait);
  };
  token(
      [self, over, done](const Result<std::string>& token) {
        if (!token) return done(fail(token.error()));
        self->ask<Identity>([&] { return self->channel_->identity_request(*token); },
                            &Channel::read_identity, over, done);
      },
      over);
}

void PlatformAccess::identity_came(Result<Identity> identity, Executor& timers, milliseconds wait) {
  if (stopping_) return;
  if (identity) {
    {
      MutexLock lock(mutex_);
      identity_ = std::make_shared<const Identity>(std::move(*identity));
    }
    return introduce();
  }
  bool is_new = false;
  if (identity) {
    log::info("channel.identified", "the platform knows the bot as " + identity->handle(),
              {{"ai_bot.channel", name_}});
  }
  {
    MutexLock lock(mutex_);
    is_new = identity_problem_ != identity.error().text.en;
    identity_problem_ = identity.error().text.en;
  }
  if (is_new) {
    log::warning("channel.identity_unknown", identity.error().text.en, {{"ai_bot.channel", name_}});
  }
  const milliseconds next = std::min(wait * 2, kIdentityRetryMax);
  timers.post_at(clock_.now() + wait, name_, [self = shared_from_this(), &timers, next] {
    if (!self->stopping_) self->ask_identity(timers, next);
  });
}

void PlatformAccess::introduce() {
  token([self = shared_from_this()](const Result<std::string>& token) {
    if (!token) return;
    auto requests = guarded(
        "platform_access.introduce", [&] { return self->channel_->introductions(*token); },
        std::vector<HttpRequest>());
    for (HttpRequest& request : requests) {
      request.timeouts = HttpTimeouts::all(self->timeout_);
      HttpStream stream;
      stream.abandoned = [self] { return self->stopping_.load(); };
      stream.on_done = [](const Result<HttpReply>&) {};
      self->http_.start(std::move(request), std::move(stream));
    }
  });
}

}  // namespace ai_bot
