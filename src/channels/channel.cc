#include "channels/channel.h"

#include "channels/dingtalk.h"
#include "channels/discord.h"
#include "channels/feishu.h"
#include "channels/generic.h"
#include "channels/slack.h"
#include "channels/socket.h"
#include "channels/telegram.h"
#include "channels/wecom.h"

namespace ai_bot {
namespace {

template <class T>
std::unique_ptr<Channel> make(const ChannelConfig& config, const ChannelLimits& limits) {
  return std::make_unique<T>(config, limits);
}

struct Platform {
  std::string_view type;
  std::unique_ptr<Channel> (*make)(const ChannelConfig&, const ChannelLimits&);
};

constexpr Platform kPlatforms[] = {
    {"dingtalk", make<DingTalkChannel>}, {"discord", make<DiscordChannel>},
    {"feishu", make<FeishuChannel>},     {"generic", make<GenericChannel>},
    {"slack", make<SlackChannel>},       {"telegram", make<TelegramChannel>},
    {"wecom", make<WeComChannel>},
};

}  // namespace

Result<AccessToken> Channel::read_token(const HttpReply&) const {
  return fail(Code::kInternal, "this platform has no access tokens", "该平台没有访问令牌");
}

std::optional<HttpRequest> Channel::identity_request(const std::string&) const {
  return std::nullopt;
}

Result<Identity> Channel::read_identity(const HttpReply&) const {
  return fail(Code::kInternal, "this platform is not asked who the bot is", "该平台无需查询身份");
}

std::optional<HttpRequest> Channel::download(const Attachment&, const std::string&) const {
  return std::nullopt;
}

std::optional<HttpRequest> Channel::download_from(const HttpReply&) const { return std::nullopt; }

std::optional<HttpRequest> Channel::typing(const std::string&, const std::string&) const {
  return std::nullopt;
}

HttpRequest Channel::poll_request(const std::string&, std::chrono::seconds) const { return {}; }

Result<Polled> Channel::read_poll(const HttpReply&, const Identity*, int64_t) const {
  return fail(Code::kInternal, "this platform is not polled", "该平台不支持轮询");
}

std::unique_ptr<SocketProtocol> Channel::socket() const { return nullptr; }

std::vector<Probe> Channel::probes(const std::string&) const { return {}; }

std::unique_ptr<Channel> make_channel(const ChannelConfig& config, const ChannelLimits& limits) {
  for (const Platform& platform : kPlatforms) {
    if (platform.type == config.type) return platform.make(config, limits);
  }
  return nullptr;
}

}  // namespace ai_bot
