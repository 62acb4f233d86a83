// The description of every field of Config, once. A visitor is called for each field with the value
// and its Field; it has an operator() for every type that occurs:
//   int64_t, bool, std::string, Secret, Duration, Bytes, std::vector<std::string>,
//   std::map<std::string, std::vector<std::string>>, a structure, a std::vector of structures.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/language.h"

namespace ai_bot {

// What a change of the value takes to become active.
enum class Change { kReload, kRestart };

struct Field {
  const char* key;
  Text about;
  Change change = Change::kRestart;
  // Numbers as they are, durations in milliseconds, sizes in bytes.
  int64_t least = 0;
  int64_t most = std::numeric_limits<int64_t>::max();
  std::vector<std::string> allowed = {};  // for strings; empty: any
  bool is_address = false;                // whose user info, query and keys are not shown
};

constexpr int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr int64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
constexpr Change kReload = Change::kReload, kRestart = Change::kRestart;

// A table: one field a line.
// clang-format off

template <class V>
void fields(V& v, ServerConfig& c) {
  v(c.listen, {"listen", {"Address to listen on. A public one is refused while there is no access control.", "监听地址。在有访问控制之前，不接受公网地址。"}});
  v(c.port, {"port", {"TCP port.", "TCP 端口。"}, kRestart, 1, 65535});
  v(c.threads, {"threads", {"Threads that serve HTTP.", "处理 HTTP 的线程数。"}, kRestart, 1, 64});
  v(c.max_body, {"max_body", {"Largest request body; more is answered 413.", "请求正文上限，超出返回 413。"}, kRestart, kKiB, kGiB});
  v(c.max_header, {"max_header", {"Largest sum of request headers; more is answered 431.", "请求头总大小上限，超出返回 431。"}, kRestart, kKiB, 60 * kKiB});
  v(c.max_connections, {"max_connections", {"Connections at once. With one more, the connection that has been waiting longest for its client is closed.", "同时连接数上限。超出时，关闭等待客户端最久的连接。"}, kRestart, 1, 1000000});
  v(c.max_connections_per_ip, {"max_connections_per_ip", {"The same for one address, except those of this machine (a proxy speaks for many); 0: no limit of its own.", "单个地址的上限（本机地址除外，代理代表许多用户）；0 表示不单独限制。"}, kRestart, 0, 1000000});
  v(c.max_answers, {"max_answers", {"Answers of /v1 under way at once; more are answered 503.", "/v1 同时进行的回答数上限，超出返回 503。"}, kRestart, 1, 100000});
  v(c.max_unsent, {"max_unsent", {"Bytes of answers that may wait for one client to take them; then nothing more is read for it.", "单个连接上等待客户端接收的字节数上限，超出后暂停为其读取。"}, kRestart, 16 * kKiB, kGiB});
  v(c.header_timeout, {"header_timeout", {"Time a request's header may take to arrive, and a new connection to begin one.", "请求头到达的最长时间，也是新连接发出首个请求的最长时间。"}, kRestart, kSecond, kHour});
  v(c.min_rate, {"min_rate", {"Bytes a second at which a body must arrive at least; slower ones are answered 408.", "请求正文每秒至少到达的字节数，过慢返回 408。"}, kRestart, 1, kGiB});
  v(c.write_timeout, {"write_timeout", {"A client that takes nothing of its answer for this time is disconnected.", "客户端在此时间内未接收任何回答数据则断开。"}, kRestart, kSecond, kHour});
  v(c.idle_timeout, {"idle_timeout", {"A connection without a request is closed after this time; one whose answer is being made never.", "没有请求的连接超过该时间后关闭；正在生成回答的连接不会。"}, kRestart, kSecond, kHour});
  v(c.stream_ping, {"stream_ping", {"A stream that says nothing for this time gets a comment, so that proxies and clients see that somebody is at work. Must be below a proxy's read timeout.", "流式回答静默超过该时间时发送一行注释，让代理和客户端知道仍在处理；应小于代理的读取超时。"}, kRestart, 100, kHour});
  v(c.hosts, {"hosts", {"Names under which ai_bot is reached, if a proxy passes the Host header on, e.g. bot.example.com. Addresses and localhost are always known.", "代理转发 Host 请求头时，访问 ai_bot 所用的域名，例如 bot.example.com。IP 地址和 localhost 始终有效。"}});
  v(c.shutdown_grace, {"shutdown_grace", {"Time turns and answers of /v1 have to finish on an orderly stop; then turns are parked and /v1 hears 503.", "正常停机时留给进行中回合和 /v1 回答的时间，之后回合暂存，/v1 返回 503。"}, kRestart, 0, kHour});
}

template <class V>
void fields(V& v, DatabaseConfig& c) {
  v(c.path, {"path", {"The SQLite file; empty: ai_bot.db in data_dir.", "SQLite 文件；留空为 data_dir 下的 ai_bot.db。"}});
  v(c.max_pending, {"max_pending", {"Events that may wait, to be written down or answered; more are refused with 503, for the platform to repeat. Where there are several channels one has at most half of them, so that a flooded one leaves room for the others.", "等待写入或回答的事件上限；超出返回 503，由平台重试。有多个通道时，单个通道最多占一半，避免一个通道的洪峰挤占其他通道。"}, kRestart, 1, 100000000});
  v(c.max_batch, {"max_batch", {"Writes that one commit may carry (group commit).", "一次提交最多合并的写入数（组提交）。"}, kRestart, 1, 10000});
  v(c.min_free_disk, {"min_free_disk", {"With less free space than this, health is 503.", "可用磁盘空间低于此值时健康检查返回 503。"}, kRestart, 0, 1048576 * kGiB});
  v(c.retention, {"retention", {"How long answered events are remembered, to recognise a repeated delivery. Platforms repeat for 6 hours and more.", "已回答事件的保留时间，用于识别平台的重复投递（平台可能重试 6 小时以上）。"}, kRestart, 8 * kHour, 3650 * kDay});
  v(c.message_retention, {"message_retention", {"How long it is remembered what was said in conversations, and which model they chose.", "会话内容及其所选模型的保留时间。"}, kRestart, kDay, 3650 * kDay});
}

template <class V>
void fields(V& v, EngineConfig& c) {
  v(c.command, {"command", {"Path of llama-server; empty: the one script/server obtained, else the one on PATH.", "llama-server 的路径；留空则用 script/server 获取的，或 PATH 中的。"}});
  v(c.threads, {"threads", {"Threads for inference; 0: one a processor.", "推理线程数；0 表示每个处理器一个。"}, kRestart, 0, 512});
  v(c.parallel, {"parallel", {"Answers generated at once (slots); 0: computed from memory.", "同时生成的回答数；0 表示按内存计算。"}, kRestart, 0, 256});
  v(c.context, {"context", {"Tokens of context for each slot; 0: computed from memory and the model.", "每个槽的上下文 token 数；0 表示按内存和模型计算。"}, kRestart, 0, 1 << 20});
  v(c.prompt_cache, {"prompt_cache", {"Memory for the prompt cache; 0: computed from memory.", "提示词缓存的内存；0 表示按内存计算。"}, kRestart, 0, 1024 * kGiB});
  v(c.extra_args, {"extra_args", {"More arguments for llama-server, as they are.", "传给 llama-server 的其他参数。"}});
  v(c.start_timeout, {"start_timeout", {"Time a model has to become ready.", "模型就绪的最长时间。"}, kRestart, kSecond, kHour});
  v(c.stop_timeout, {"stop_timeout", {"Time between SIGTERM and SIGKILL.", "SIGTERM 与 SIGKILL 之间的时间。"}, kRestart, 100, kHour});
  v(c.drain_timeout, {"drain_timeout", {"Time the old model has to finish its answers when models are swapped.", "切换模型时旧模型完成回答的时间。"}, kRestart, 0, kHour});
  v(c.restart_min, {"restart_min", {"First wait before a crashed engine is started again; doubled each time.", "引擎崩溃后首次重启的等待，之后逐次加倍。"}, kRestart, 10, kHour});
  v(c.restart_max, {"restart_max", {"Longest such wait.", "重启等待的上限。"}, kRestart, 10, kDay});
  v(c.crash_loop_count, {"crash_loop_count", {"So many crashes within crash_loop_window are reported as a crash loop.", "在 crash_loop_window 内崩溃达到此次数即报告为崩溃循环。"}, kRestart, 2, 1000});
  v(c.crash_loop_window, {"crash_loop_window", {"See crash_loop_count.", "见 crash_loop_count。"}, kRestart, kSecond, kDay});
}

template <class V>
void fields(V& v, ModelConfig& c) {
  v(c.name, {"name", {"The name people and the router use.", "供用户和路由使用的名称。"}});
  v(c.type, {"type", {"local: a GGUF file under llama-server. openai: any OpenAI-compatible endpoint.", "local：由 llama-server 运行的 GGUF 文件；openai：任何兼容 OpenAI 的接口。"}, kRestart, 0, 0, {"local", "openai"}});
  v(c.path, {"path", {"For local: the GGUF file, or `builtin`.", "local 类型：GGUF 文件路径，或 builtin。"}, kReload});
  v(c.base_url, {"base_url", {"For openai: the address up to and with /v1.", "openai 类型：接口地址，写到 /v1 为止。"}, kRestart, 0, 0, {}, true});
  v(c.api_key, {"api_key", {"For openai: the key; `${ENV}` or `file:PATH`.", "openai 类型：密钥，用 ${ENV} 或 file:路径。"}});
  v(c.model, {"model", {"For openai: the provider's name of the model.", "openai 类型：服务商的模型名。"}});
  v(c.proxy, {"proxy", {"Proxy for this endpoint, e.g. http://127.0.0.1:3128; empty: the environment's.", "此接口使用的代理；留空则用环境变量中的代理。"}, kRestart, 0, 0, {}, true});
  v(c.context, {"context", {"For openai: tokens of context.", "openai 类型：上下文 token 数。"}, kRestart, 256, 1 << 24});
  v(c.connect_timeout, {"connect_timeout", {"Time to connect.", "连接超时。"}, kRestart, 1, kHour});
  v(c.first_token_timeout, {"first_token_timeout", {"Time until the first token.", "首个 token 超时。"}, kRestart, 1, kHour});
  v(c.between_tokens_timeout, {"between_tokens_timeout", {"Longest silence between two tokens.", "两个 token 之间的最长间隔。"}, kRestart, 1, kHour});
  v(c.total_timeout, {"total_timeout", {"Longest answer.", "整个回答的最长时间。"}, kRestart, 1, kDay});
}

template <class V>
void fields(V& v, BreakerConfig& c) {
  v(c.failures, {"failures", {"Failures within the window that open the breaker.", "窗口内失败达到此数即熔断。"}, kRestart, 1, 10000});
  v(c.window, {"window", {"Failures older than this are forgotten.", "超过此时间的失败不再计算。"}, kRestart, 1, kDay});
  v(c.open_for, {"open_for", {"An open breaker lets a trial through after this time.", "熔断后经过此时间放行一次试探。"}, kRestart, 1, kDay});
  v(c.half_open_trials, {"half_open_trials", {"Successful trials that close it again.", "试探成功此次数后恢复。"}, kRestart, 1, 100});
}

template <class V>
void fields(V& v, RouterConfig& c) {
  v(c.default_tier, {"default_tier", {"The tier used when nobody asks for another.", "未指定时使用的层级。"}, kRestart, 0, 0, {"light", "medium", "large"}});
  v(c.tiers, {"tiers", {"Models of each tier (light, medium, large), the first one that works answers. Empty: all models, in order.", "每个层级（light、medium、large）的模型，按顺序使用。留空表示全部模型按顺序。"}});
  v(c.fallback, {"fallback", {"Models tried when a tier's own all fail.", "某层级模型全部失败后尝试的模型。"}});
  v(c.retries, {"retries", {"Repeats on the same model, only while nothing was streamed yet.", "同一模型的重试次数，仅在尚未输出内容时。"}, kRestart, 0, 10});
  v(c.breaker, {"breaker", {"The circuit breaker of each model.", "每个模型的熔断器。"}});
}

template <class V>
void fields(V& v, AssistantConfig& c) {
  v(c.system_prompt, {"system_prompt", {"What the model is told before each conversation.", "每次对话前给模型的说明。"}, kReload});
  v(c.max_parallel_turns, {"max_parallel_turns", {"Conversations answered at once, of one channel at most half; each costs memory, not a thread. A local model is asked for two at a time for each of its `engine.parallel` slots.", "同时回答的会话数，每个渠道最多占一半；每个会话只占内存，不占线程。本地模型每个槽位（`engine.parallel`）同时最多受理两个。"}, kRestart, 1, 1000});
  v(c.max_answer_tokens, {"max_answer_tokens", {"Longest answer in tokens.", "回答的最大 token 数。"}, kReload, 1, 1 << 20});
  v(c.max_answer, {"max_answer", {"Longest answer in bytes in chats and conversations, whatever the model makes of max_answer_tokens; it is cut there, and says so. What /v1 passes on is not cut.", "聊天和会话中回答的最大字节数（模型可能不遵守 max_answer_tokens）；超出部分会被截断并注明。/v1 直接转发的回答不截断。"}, kReload, kKiB, kGiB});
  v(c.history_messages, {"history_messages", {"Most messages of a session that are read back, at least half as many; the window is cut by tokens after that. Both are cut in blocks, so that a model need not read a long conversation anew on each turn.", "读回的会话消息上限（至少读回一半），之后再按 token 裁剪。两者都按块裁剪，避免模型每轮重新处理长会话。"}, kReload, 2, 100000});
  v(c.max_message, {"max_message", {"Longest message of a person.", "单条用户消息上限。"}, kRestart, 16, 16 * kMiB});
  v(c.retry_min, {"retry_min", {"First wait before an event is tried again when every model failed; doubled each time.", "所有模型失败后首次重试的等待，之后逐次加倍。"}, kReload, 10, kDay});
  v(c.retry_max, {"retry_max", {"Longest such wait.", "重试等待的上限。"}, kReload, 10, kDay});
  v(c.retry_for, {"retry_for", {"After this time an unanswered event goes to the dead letters.", "超过此时间仍未回答的事件进入死信。"}, kReload, 0, 365 * kDay});
}

template <class V>
void fields(V& v, AnswerConfig& c) {
  v(c.groups, {"groups", {"mention: answer in groups when mentioned, replied to, or after the prefix. all: answer every message.", "mention：群聊中被 @、被回复或以前缀开头时回答；all：回答每条消息。"}, kRestart, 0, 0, {"mention", "all"}});
  v(c.prefix, {"prefix", {"A message in a group that begins with this is answered without a mention, e.g. `!ai `.", "群聊中以此开头的消息无需 @ 也会回答，例如 `!ai `。"}});
}

template <class V>
void fields(V& v, AllowConfig& c) {
  v(c.conversations, {"conversations", {"The platform's ids of the conversations it answers in; empty: all.", "允许回答的会话 ID（平台的 ID）；留空表示全部。"}});
  v(c.users, {"users", {"The platform's ids of the people it answers; empty: all.", "允许使用的用户 ID（平台的 ID）；留空表示全部。"}});
}

template <class V>
void fields(V& v, ChannelConfig& c) {
  v(c.name, {"name", {"The last part of the webhook's address; not admin, api, console or jobs, which are ai_bot's own.", "webhook 地址的最后一段；不能是 ai_bot 保留的 admin、api、console、jobs。"}});
  v(c.type, {"type", {"The platform; docs/channels/ has a page for each.", "平台类型；各平台的说明见 docs/channels/。"}, kRestart, 0, 0, {"dingtalk", "discord", "feishu", "generic", "slack", "telegram", "wecom"}});
  v(c.is_default, {"default", {"Serves POST /api/webhook, without a name, too.", "同时服务不带名称的 POST /api/webhook。"}});
  v(c.mode, {"mode", {"generic: sync (the answer comes in the response, the default) or callback (by a signed POST to callback_url). Platforms: webhook (the platform posts to ai_bot, the default) or connect (ai_bot opens the connection, no public address needed; for all but wecom).", "generic：sync（在响应中返回，默认）或 callback（用带签名的 POST 发到 callback_url）。其他平台：webhook（平台推送到 ai_bot，默认）或 connect（由 ai_bot 主动连接，无需公网地址；除 wecom 外均支持）。"}, kRestart, 0, 0, {"", "sync", "callback", "webhook", "connect"}});
  v(c.secret, {"secret", {"generic: signs events and callbacks (HMAC-SHA256), at least 16 characters. telegram: the secret token given to setWebhook. wecom: the app's secret. `${ENV}` or `file:PATH`.", "generic：事件与回调的签名密钥（HMAC-SHA256），至少 16 个字符。telegram：setWebhook 的 secret token。wecom：应用的 Secret。用 ${ENV} 或 file:路径。"}});
  v(c.callback_url, {"callback_url", {"Where answers go in callback mode.", "callback 模式下回答的发送地址。"}, kRestart, 0, 0, {}, true});
  v(c.app_id, {"app_id", {"feishu: App ID.", "feishu：App ID。"}});
  v(c.app_secret, {"app_secret", {"feishu: App Secret.", "feishu：App Secret。"}});
  v(c.encrypt_key, {"encrypt_key", {"feishu: Encrypt Key of Events & Callbacks; recommended.", "feishu：“事件与回调”中的 Encrypt Key，建议设置。"}});
  v(c.verification_token, {"verification_token", {"feishu: Verification Token of Events & Callbacks; needed without an encrypt_key.", "feishu：“事件与回调”中的 Verification Token，未设置 encrypt_key 时必填。"}});
  v(c.client_id, {"client_id", {"dingtalk: Client ID (AppKey), also the robot's code.", "dingtalk：Client ID（AppKey），也是 robotCode。"}});
  v(c.client_secret, {"client_secret", {"dingtalk: Client Secret (AppSecret).", "dingtalk：Client Secret（AppSecret）。"}});
  v(c.corp_id, {"corp_id", {"wecom: the company's ID.", "wecom：企业 ID。"}});
  v(c.agent_id, {"agent_id", {"wecom: the app's AgentId; empty for an AI bot.", "wecom：应用的 AgentId；智能机器人留空。"}});
  v(c.token, {"token", {"wecom: Token of the callback.", "wecom：接收消息的 Token。"}});
  v(c.aes_key, {"aes_key", {"wecom: EncodingAESKey of the callback, 43 characters.", "wecom：接收消息的 EncodingAESKey，43 个字符。"}});
  v(c.bot_token, {"bot_token", {"slack (xoxb-…), discord, telegram: the bot's token.", "slack（xoxb-…）、discord、telegram：机器人 token。"}});
  v(c.signing_secret, {"signing_secret", {"slack: Signing Secret, for mode webhook.", "slack：Signing Secret，webhook 模式使用。"}});
  v(c.app_token, {"app_token", {"slack: app-level token (xapp-…), for mode connect.", "slack：App-level token（xapp-…），connect 模式使用。"}});
  v(c.application_id, {"application_id", {"discord: Application ID.", "discord：Application ID。"}});
  v(c.public_key, {"public_key", {"discord: Public Key, 64 hexadecimal digits, for mode webhook.", "discord：Public Key，64 位十六进制，webhook 模式使用。"}});
  v(c.base_url, {"base_url", {"The platform's API, where it is not the usual one, e.g. https://open.larksuite.com.", "平台 API 地址，非默认地址时填写，例如 https://open.larksuite.com。"}, kRestart, 0, 0, {}, true});
  v(c.proxy, {"proxy", {"Proxy for requests to the platform and its connection of mode: connect; empty: the environment's.", "访问平台（包括 mode: connect 的长连接）使用的代理；留空则用环境变量中的代理。"}, kRestart, 0, 0, {}, true});
  v(c.answer, {"answer", {"When it answers in groups; in direct chats always.", "群聊中何时回答；私聊总是回答。"}});
  v(c.allow, {"allow", {"Where and whom it answers.", "在哪里、对谁回答。"}});
  v(c.scope, {"scope", {"Who shares a context: everybody in a conversation, in a thread (where the platform has threads), or each user by themselves.", "上下文的共享范围：conversation 整个会话、thread 每个话题（平台支持时）、user 每个用户。"}, kRestart, 0, 0, {"conversation", "thread", "user"}});
  v(c.greeting, {"greeting", {"Said when the bot joins a conversation; empty: nothing.", "机器人加入会话时的问候；留空则不发送。"}});
  v(c.welcome, {"welcome", {"Said when somebody joins a group; empty: nothing.", "新成员入群时的欢迎语；留空则不发送。"}});
  v(c.stream, {"stream", {"Show the answer while it grows, by editing the message (feishu, slack, discord, telegram).", "回答生成时通过编辑消息逐步显示（feishu、slack、discord、telegram）。"}});
  v(c.edit_interval, {"edit_interval", {"Time between two such edits, and before the first.", "两次编辑之间以及首次编辑之前的时间。"}, kRestart, 300, kMinute});
  v(c.max_file, {"max_file", {"Largest text file that is downloaded and read along with its message; 0: none is.", "随消息下载并读取的文本文件上限；0 表示不读取。"}, kRestart, 0, 64 * kMiB});
  v(c.max_files, {"max_files", {"Text files of one message that are downloaded at most; the model is told how many more there were.", "每条消息最多下载的文本文件数；超出的数量会告知模型。"}, kRestart, 1, 1000});
  v(c.max_parts, {"max_parts", {"Messages one answer is split into at most; the last one says when there would be more. A WeCom AI bot sends one.", "一个回答最多拆分成的消息条数，超出时最后一条会注明；企业微信智能机器人只发送一条。"}, kRestart, 1, 1000});
  v(c.sync_deadline, {"sync_deadline", {"In sync mode, 202 is answered after this time; the same event sent again fetches the answer.", "sync 模式下超过此时间返回 202；再次发送同一事件可取回回答。"}, kRestart, 1, kHour});
  v(c.tolerance, {"tolerance", {"How far a request's timestamp may be off.", "请求时间戳允许的误差。"}, kRestart, kSecond, kHour});
}

template <class V>
void fields(V& v, DeliveryConfig& c) {
  v(c.max_attempts, {"max_attempts", {"Attempts before a reply becomes a dead letter.", "投递尝试次数上限，之后成为死信。"}, kRestart, 1, 1000});
  v(c.backoff_min, {"backoff_min", {"First wait between attempts; doubled each time.", "首次重试等待，之后逐次加倍。"}, kRestart, 1, kDay});
  v(c.backoff_max, {"backoff_max", {"Longest such wait.", "重试等待的上限。"}, kRestart, 1, kDay});
  v(c.timeout, {"timeout", {"Time one attempt may take.", "单次投递的超时。"}, kRestart, 1, kHour});
  v(c.parallel, {"parallel", {"Replies on their way at once, each to a conversation of its own. One channel has at most half of them (at least one), so that a platform that does not answer leaves room for the others.", "同时投递的回复数，每条属于不同的会话。单个通道最多占一半（至少一条），平台无响应时不会影响其他通道。"}, kRestart, 1, 256});
}

template <class V>
void fields(V& v, StorageConfig& c) {
  v(c.type, {"type", {"none, or s3_compatible (checked, not active yet).", "none 或 s3_compatible（会检查格式，尚未启用）。"}, kRestart, 0, 0, {"none", "s3_compatible"}});
  v(c.endpoint, {"endpoint", {"Address of the object storage.", "对象存储地址。"}, kRestart, 0, 0, {}, true});
  v(c.bucket, {"bucket", {"The bucket: 3 to 63 of a-z, 0-9, dot and hyphen.", "存储桶：3 到 63 个小写字母、数字、点或连字符。"}});
  v(c.region, {"region", {"The bucket's region.", "存储桶区域。"}});
  v(c.access_key, {"access_key", {"Access key; `${ENV}` or `file:PATH`.", "访问密钥 ID；用 ${ENV} 或 file:路径。"}});
  v(c.secret_key, {"secret_key", {"Secret key; `${ENV}` or `file:PATH`.", "访问密钥；用 ${ENV} 或 file:路径。"}});
}

template <class V>
void fields(V& v, LogConfig& c) {
  v(c.level, {"level", {"Least level that is logged.", "最低日志级别。"}, kReload, 0, 0, {"debug", "info", "warning", "error"}});
  v(c.format, {"format", {"auto: text on a terminal, otherwise JSON.", "auto：终端用文本，否则用 JSON。"}, kReload, 0, 0, {"auto", "text", "json"}});
  v(c.message_text, {"message_text", {"Log the texts of messages too (private!).", "日志中包含消息正文（注意隐私）。"}, kReload});
}

template <class V>
void fields(V& v, Config& c) {
  v(c.config_version, {"config_version", {"Version of this file's layout.", "配置文件格式版本。"}, kRestart, 1, 1});
  v(c.data_dir, {"data_dir", {"Folder for everything ai_bot keeps; empty: /var/lib/ai_bot for root, else ~/.local/share/ai_bot.", "数据目录；留空时 root 用 /var/lib/ai_bot，否则 ~/.local/share/ai_bot。"}});
  v(c.server, {"server", {"The HTTP server.", "HTTP 服务。"}});
  v(c.database, {"database", {"The database.", "数据库。"}});
  v(c.engine, {"engine", {"llama-server, for local models.", "本地模型引擎 llama-server。"}});
  v(c.models, {"models", {"The models; empty: the built-in guide.", "模型；留空则用内置向导。"}});
  v(c.router, {"router", {"Which model answers.", "由哪个模型回答。"}});
  v(c.assistant, {"assistant", {"How a message is answered.", "如何回答消息。"}});
  v(c.channels, {"channels", {"Where messages come from; empty: one generic channel with a generated secret.", "消息来源；留空则为一个自动生成密钥的通用通道。"}});
  v(c.delivery, {"delivery", {"How replies are sent.", "如何投递回复。"}});
  v(c.storage, {"storage", {"Object storage.", "对象存储。"}});
  v(c.log, {"log", {"Logs.", "日志。"}});
}

// clang-format on

}  // namespace ai_bot
