#include "channels/channel.h"

#include "channels/socket.h"

namespace ai_bot {

Result<AccessToken> Channel::read_token(const HttpReply&) const {
  return fail(Code::kInternal, "this platform has no access tokens", "该平台没有访问令牌");
}

std::optional<HttpRequest> Channel::identity_request(const std::string&) const {
  return std::nullopt;
}

Result<Identity> Channel::read_identity(const HttpReply&) const {
  return fail(Code::kInternal, "this platform is not asked who the bot is", "该平台无需查询身份");
}

std::vector<HttpRequest> Channel::introductions(const std::string&) const { return {}; }

std::optional<HttpRequest> Channel::download(const Attachment&, const std::string&) const {
  return std::nullopt;
}

std::optional<HttpRequest> Channel::download_from(const HttpReply&) const { return std::nullopt; }

std::optional<std::string> Channel::read_quoted(const HttpReply&) const { return std::nullopt; }

Delivery other_way(Way way, std::string why) {
  Delivery delivery{Delivery::Outcome::kOtherWay, std::move(why)};
  delivery.way = std::move(way);
  return delivery;
}

std::optional<HttpRequest> Channel::retract(const Reply&, const std::string&) const {
  return std::nullopt;
}

std::optional<HttpRequest> Channel::typing(const std::string&, const std::string&) const {
  return std::nullopt;
}

HttpRequest Channel::poll_request(const std::string&, std::chrono::seconds) const { return {}; }

Result<Polled> Channel::read_poll(const HttpReply&, const Identity*, int64_t) const {
  return fail(Code::kInternal, "this platform is not polled", "该平台不支持轮询");
}

std::unique_ptr<SocketProtocol> Channel::socket() const { return nullptr; }

std::vector<Probe> Channel::probes(const std::string&) const { return {}; }

}  // namespace ai_bot
