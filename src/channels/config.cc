#include "channels/config.h"

#include <algorithm>

#include "channels/platforms.h"
#include "config/table.h"
#include "net/url_check.h"

namespace ai_bot {
namespace {

// Sessions and lanes are named after their channel, and these are ai_bot's own.
constexpr std::string_view kReservedChannels[] = {"admin", "api", "console", "jobs"};

StringList platform_types() {
  StringList types;
  for (const Platform& platform : platforms()) types.emplace_back(platform.type);
  return types;
}

void check_names(Checks& check, const std::vector<ChannelConfig>& channels) {
  check.names("channels", channels);
  for (size_t i = 0; i < channels.size(); ++i) {
    const std::string& name = channels[i].name;
    if (std::find(std::begin(kReservedChannels), std::end(kReservedChannels), name) ==
        std::end(kReservedChannels))
      continue;
    check.error(fmt::format("channels[{}].name", i),
                fmt::format("'{}' is one of ai_bot's own names ({}): choose another", name,
                            fmt::join(kReservedChannels, ", ")),
                fmt::format("“{}”是 ai_bot 的保留名称（{}）：请换一个", name,
                            fmt::join(kReservedChannels, "、")));
  }
}

}  // namespace

// Tables: one field a line.
// clang-format off

void fields(Visitor& v, AnswerConfig& c) {
  v(c.groups, {"groups", {"mention: answer in groups when mentioned, replied to, or after the prefix. all: answer every message.", "mention：群聊中被 @、被回复或以前缀开头时回答；all：回答每条消息。"}, kReload, 0, 0, {"mention", "all"}});
  v(c.prefix, {"prefix", {"A message in a group that begins with this is answered without a mention, e.g. `!ai `.", "群聊中以此开头的消息无需 @ 也会回答，例如 `!ai `。"}, kReload});
}

void fields(Visitor& v, AllowConfig& c) {
  v(c.conversations, {"conversations", {"The platform's ids of the conversations it answers in; empty: all.", "允许回答的会话 ID（平台的 ID）；留空表示全部。"}, kReload});
  v(c.users, {"users", {"The platform's ids of the people it answers; empty: all.", "允许使用的用户 ID（平台的 ID）；留空表示全部。"}, kReload});
}

void fields(Visitor& v, ChannelConfig& c) {
  v(c.name, {"name", {"The last part of the webhook's address; not admin, api, console or jobs, which are ai_bot's own.", "webhook 地址的最后一段；不能是 ai_bot 保留的 admin、api、console、jobs。"}, kReload});
  v(c.type, {"type", {"The platform; docs/channels/ has a page for each.", "平台类型；各平台的说明见 docs/channels/。"}, kReload, 0, 0, platform_types()});
  v(c.is_default, {"default", {"Serves POST /api/webhook, without a name, too.", "同时服务不带名称的 POST /api/webhook。"}, kReload});
  v(c.mode, {"mode", {"generic: sync (the answer comes in the response, the default) or callback (by a signed POST to callback_url). Platforms: webhook (the platform posts to ai_bot, the default) or connect (ai_bot opens the connection, no public address needed; for all but wecom).", "generic：sync（在响应中返回，默认）或 callback（用带签名的 POST 发到 callback_url）。其他平台：webhook（平台推送到 ai_bot，默认）或 connect（由 ai_bot 主动连接，无需公网地址；除 wecom 外均支持）。"}, kReload, 0, 0, {"", "sync", "callback", "webhook", "connect"}});
  v(c.secret, {"secret", {"generic: signs events and callbacks (HMAC-SHA256), at least 16 characters. telegram: the secret token given to setWebhook. wecom: the app's secret. `${ENV}` or `file:PATH`.", "generic：事件与回调的签名密钥（HMAC-SHA256），至少 16 个字符。telegram：setWebhook 的 secret token。wecom：应用的 Secret。用 ${ENV} 或 file:路径。"}, kReload});
  v(c.bot_token, {"bot_token", {"slack (xoxb-…), discord, telegram: the bot's token.", "slack（xoxb-…）、discord、telegram：机器人 token。"}, kReload});
  for (const Platform& platform : platforms()) platform.keys(v, c);
  v(c.base_url, {"base_url", {"The platform's API, where it is not the usual one, e.g. https://open.larksuite.com.", "平台 API 地址，非默认地址时填写，例如 https://open.larksuite.com。"}, kReload, 0, 0, {}, true});
  v(c.proxy, {"proxy", {"Proxy for requests to the platform and its connection of mode: connect; empty: the environment's.", "访问平台（包括 mode: connect 的长连接）使用的代理；留空则用环境变量中的代理。"}, kReload, 0, 0, {}, true});
  v(c.answer, {"answer", {"When it answers in groups; in direct chats always.", "群聊中何时回答；私聊总是回答。"}, kReload});
  v(c.allow, {"allow", {"Where and whom it answers.", "在哪里、对谁回答。"}, kReload});
  v(c.scope, {"scope", {"Who shares a context: everybody in a conversation, in a thread (where the platform has threads), or each user by themselves.", "上下文的共享范围：conversation 整个会话、thread 每个话题（平台支持时）、user 每个用户。"}, kReload, 0, 0, {"conversation", "thread", "user"}});
  v(c.greeting, {"greeting", {"Said when the bot joins a conversation; empty: nothing.", "机器人加入会话时的问候；留空则不发送。"}, kReload});
  v(c.welcome, {"welcome", {"Said when somebody joins a group; empty: nothing.", "新成员入群时的欢迎语；留空则不发送。"}, kReload});
  v(c.stream, {"stream", {"Show the answer while it grows, by editing the message (feishu, slack, discord, telegram).", "回答生成时通过编辑消息逐步显示（feishu、slack、discord、telegram）。"}, kReload});
  v(c.edit_interval, {"edit_interval", {"Time between two such edits, and before the first.", "两次编辑之间以及首次编辑之前的时间。"}, kReload, 300, kMinute});
  v(c.max_file, {"max_file", {"Largest text file that is downloaded and read along with its message; 0: none is.", "随消息下载并读取的文本文件上限；0 表示不读取。"}, kReload, 0, 64 * kMiB});
  v(c.max_image, {"max_image", {"Largest image (PNG, JPEG, GIF, WebP) that is downloaded and shown to a model that sees (models[].vision); 0: none is.", "下载并交给可看图模型（models[].vision）的图片（PNG、JPEG、GIF、WebP）大小上限；0 表示不下载。"}, kReload, 0, 64 * kMiB});
  v(c.max_files, {"max_files", {"Text files and images of one message that are downloaded at most; the model is told how many more there were.", "每条消息最多下载的文本文件和图片数；超出的数量会告知模型。"}, kReload, 1, 1000});
  v(c.max_parts, {"max_parts", {"Messages one answer is split into at most; the last one says when there would be more. A WeCom AI bot sends one.", "一个回答最多拆分成的消息条数，超出时最后一条会注明；企业微信智能机器人只发送一条。"}, kReload, 1, 1000});
  v(c.sync_deadline, {"sync_deadline", {"In sync mode, 202 is answered after this time; the same event sent again fetches the answer.", "sync 模式下超过此时间返回 202；再次发送同一事件可取回回答。"}, kReload, 1, kHour});
  v(c.tolerance, {"tolerance", {"How far a request's timestamp may be off.", "请求时间戳允许的误差。"}, kReload, kSecond, kHour});
}

// clang-format on

void check_channels(Checks& check, const std::vector<ChannelConfig>& channels) {
  check_names(check, channels);
  int defaults = 0;
  for (size_t i = 0; i < channels.size(); ++i) {
    const ChannelConfig& channel = channels[i];
    const std::string key = fmt::format("channels[{}].", i);
    if (const Platform* platform = find_platform(channel.type))
      platform->check({check, key, channel});
    check_url(check, key + "callback_url", channel.callback_url);
    check_url(check, key + "base_url", channel.base_url);
    if (channel.is_default && ++defaults > 1)
      check.error(key + "default", "only one channel may be the default", "只能有一个默认通道");
  }
}

void ChannelCheck::modes(std::initializer_list<const char*> allowed) const {
  if (std::find(allowed.begin(), allowed.end(), channel.mode) != allowed.end()) return;
  error("mode", fmt::format("a {} channel has {}", channel.type, fmt::join(allowed, " or ")),
        fmt::format("{} 通道只能是 {}", channel.type, fmt::join(allowed, " 或 ")));
}

void ChannelCheck::needs(bool given, const char* field) const {
  checks.needs(
      given, key + field,
      fmt::format("a {} channel needs it; see docs/channels/{}.md", channel.type, channel.type),
      fmt::format("{} 通道需要它；见 docs/channels/{}.zh.md", channel.type, channel.type));
}

void ChannelCheck::error(const char* field, std::string en, std::string zh) const {
  checks.error(key + field, std::move(en), std::move(zh));
}

}  // namespace ai_bot
