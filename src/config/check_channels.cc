#include "config/check_channels.h"

#include <algorithm>
#include <regex>

namespace ai_bot {
namespace {

// Sessions and lanes are named after their channel, and these are ai_bot's own.
constexpr std::string_view kReservedChannels[] = {"admin", "api", "console", "jobs"};

void generic_channel(Checks& check, const std::string& key, const ChannelConfig& channel) {
  if (channel.mode != "sync" && channel.mode != "callback") {
    check.error(key + "mode", "a generic channel has sync or callback",
                "generic 通道只能是 sync 或 callback");
  }
  if (channel.secret.reveal().size() < kLeastSecret) {
    check.error(
        key + "secret",
        fmt::format("is missing or shorter than {} characters; make one with: openssl rand -hex 32",
                    kLeastSecret),
        fmt::format("缺失或少于 {} 个字符；可用 openssl rand -hex 32 生成", kLeastSecret));
  }
  if (channel.mode == "callback") {
    check.needs(!channel.callback_url.empty(), key + "callback_url",
                "callback mode sends answers there", "callback 模式需要回答的发送地址");
  }
}

void platform(Checks& check, const std::string& key, const ChannelConfig& channel) {
  const bool connect = channel.mode == "connect";
  const bool connects = channel.type != "wecom";
  if (channel.mode != "webhook" && !(connect && connects)) {
    check.error(
        key + "mode",
        fmt::format("a {} channel has webhook{}", channel.type, connects ? " or connect" : ""),
        fmt::format("{} 通道只能是 webhook{}", channel.type, connects ? " 或 connect" : ""));
  }
  const auto credential = [&](bool given, const char* field) {
    check.needs(
        given, key + field,
        fmt::format("a {} channel needs it; see docs/channels/{}.md", channel.type, channel.type),
        fmt::format("{} 通道需要它；见 docs/channels/{}.zh.md", channel.type, channel.type));
  };
  if (channel.type == "feishu") {
    credential(!channel.app_id.empty(), "app_id");
    credential(!channel.app_secret.empty(), "app_secret");
    credential(connect || !channel.encrypt_key.empty() || !channel.verification_token.empty(),
               "encrypt_key");
  } else if (channel.type == "dingtalk") {
    credential(!channel.client_id.empty(), "client_id");
    credential(!channel.client_secret.empty(), "client_secret");
  } else if (channel.type == "wecom") {
    credential(channel.agent_id.empty() || !channel.corp_id.empty(), "corp_id");
    credential(channel.agent_id.empty() || !channel.secret.empty(), "secret");
    credential(!channel.token.empty(), "token");
    constexpr size_t kAesKeyCharacters = 43;
    if (channel.aes_key.reveal().size() != kAesKeyCharacters) {
      check.error(key + "aes_key", "is missing or not 43 characters long: copy the EncodingAESKey",
                  "缺失或不是 43 个字符：请复制 EncodingAESKey");
    }
  } else if (channel.type == "slack") {
    credential(!channel.bot_token.empty(), "bot_token");
    credential(connect || !channel.signing_secret.empty(), "signing_secret");
    credential(!connect || !channel.app_token.empty(), "app_token");
  } else if (channel.type == "discord") {
    credential(!channel.application_id.empty(), "application_id");
    credential(!channel.bot_token.empty(), "bot_token");
    static const std::regex hex("[0-9a-fA-F]{64}");
    if (!connect && !std::regex_match(channel.public_key, hex)) {
      check.error(key + "public_key", "is missing or not 64 hexadecimal digits",
                  "缺失或不是 64 位十六进制数字");
    }
  } else if (channel.type == "telegram") {
    static const std::regex token("[0-9]+:[A-Za-z0-9_-]+");
    if (!std::regex_match(channel.bot_token.reveal(), token)) {
      check.error(key + "bot_token",
                  "is missing or not of the form 123456:ABC…, as BotFather gives it",
                  "缺失或不是 123456:ABC… 形式（由 BotFather 提供）");
    }
    credential(connect || !channel.secret.empty(), "secret");
  }
}

}  // namespace

void check_channels(Checks& check, const Config& config) {
  check.names("channels", config.channels);
  for (size_t i = 0; i < config.channels.size(); ++i) {
    const std::string& name = config.channels[i].name;
    if (std::find(std::begin(kReservedChannels), std::end(kReservedChannels), name) ==
        std::end(kReservedChannels))
      continue;
    check.error(fmt::format("channels[{}].name", i),
                fmt::format("'{}' is one of ai_bot's own names ({}): choose another", name,
                            fmt::join(kReservedChannels, ", ")),
                fmt::format("“{}”是 ai_bot 的保留名称（{}）：请换一个", name,
                            fmt::join(kReservedChannels, "、")));
  }
  int defaults = 0;
  for (size_t i = 0; i < config.channels.size(); ++i) {
    const ChannelConfig& channel = config.channels[i];
    const std::string key = fmt::format("channels[{}].", i);
    if (channel.type == "generic") {
      generic_channel(check, key, channel);
    } else {
      platform(check, key, channel);
    }
    check.url(key + "callback_url", channel.callback_url);
    check.url(key + "base_url", channel.base_url);
    if (channel.is_default && ++defaults > 1) {
      check.error(key + "default", "only one channel may be the default", "只能有一个默认通道");
    }
  }
}

}  // namespace ai_bot
