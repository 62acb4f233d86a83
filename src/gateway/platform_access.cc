#include "gateway/platform_access.h"

#include <algorithm>

#include "core/redact.h"

namespace ai_bot {
namespace {

// A token is replaced this long before it ends, so that none ends on its way.
constexpr milliseconds kTokenMargin{60000};

}  // namespace

PlatformAccess::PlatformAccess(std::shared_ptr<const Channel> channel, HttpClient& http,
                               milliseconds timeout)
    : channel_(std::move(channel)), http_(http), timeout_(timeout) {}

Result<HttpReply> PlatformAccess::fetch(HttpRequest request) const {
  request.timeouts = HttpTimeouts::all(timeout_);
  return http_.fetch(std::move(request));
}

Result<std::string> PlatformAccess::token() {
  auto request = channel_->token_request();
  if (!request) return std::string();
  std::lock_guard lock(token_mutex_);
  if (!token_.value.empty() && steady_now() < token_until_) return token_.value;
  const auto reply = fetch(std::move(*request));
  if (!reply) return fail(reply.error());
  auto token = channel_->read_token(*reply);
  if (!token) return fail(token.error());
  token_ = std::move(*token);
  keep_token(token_.value);
  // Of a token that lives shorter than the margin, the first half is used.
  token_until_ = steady_now() + std::max(token_.valid_for - kTokenMargin, token_.valid_for / 2);
  return token_.value;
}

void PlatformAccess::forget(const std::string& token) {
  std::lock_guard lock(token_mutex_);
  if (token_.value == token) token_.value.clear();
}

std::shared_ptr<const Identity> PlatformAccess::identity() const {
  std::lock_guard lock(identity_mutex_);
  return identity_;
}

bool PlatformAccess::needs_identity() const {
  return channel_->identity_request("").has_value() && identity() == nullptr;
}

Result<void> PlatformAccess::learn_identity() {
  const auto access = token();
  if (!access) return fail(access.error());
  const auto reply = fetch(*channel_->identity_request(*access));
  if (!reply) return fail(reply.error());
  auto identity = channel_->read_identity(*reply);
  if (!identity) return fail(identity.error());
  std::lock_guard lock(identity_mutex_);
  identity_ = std::make_shared<const Identity>(std::move(*identity));
  return {};
}

}  // namespace ai_bot
