#include "config/check.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <set>

#include "config/suggest.h"
#include "net/url.h"

namespace ai_bot {
namespace {

// Sessions and lanes are named after their channel, and these are ai_bot's own.
constexpr std::string_view kReservedChannels[] = {"admin", "api", "console", "jobs"};

// The address, were its host written in ASCII letters; what else is wrong with it stays so.
std::string with_ascii_host(std::string url) {
  const size_t mark = url.find("://");
  if (mark == std::string::npos) return url;
  const size_t end = std::min(url.find_first_of("/?#", mark + 3), url.size());
  for (size_t i = mark + 3; i < end; ++i) {
    if (static_cast<unsigned char>(url[i]) >= 0x80) url[i] = 'x';
  }
  return url;
}

class Checker {
 public:
  Checker(Config& config, const std::map<std::string, int>& lines, std::vector<Finding>& findings)
      : config_(config), lines_(lines), findings_(findings) {}

  void run() {
    complete();
    server();
    models();
    router();
    channels();
    storage();
    ranges();
  }

 private:
  void add(bool is_error, const std::string& key, std::string en, std::string zh) {
    findings_.push_back(
        {is_error, config_.origin, line_of(key), key, {std::move(en), std::move(zh)}});
  }
  // Unless the key's value could not be read in the first place.
  void error(const std::string& key, std::string en, std::string zh) {
    const bool known = std::any_of(findings_.begin(), findings_.end(),
                                   [&](const Finding& f) { return f.is_error && f.key == key; });
    if (!known) add(true, key, std::move(en), std::move(zh));
  }

  // The key's own line, or that of the nearest part around it.
  int line_of(std::string key) const {
    for (;;) {
      if (const auto at = lines_.find(key); at != lines_.end()) return at->second;
      const size_t cut = key.find_last_of(".[");
      if (cut == std::string::npos) return 0;
      key.resize(cut);
    }
  }

  void complete() {
    if (config_.data_dir.empty()) {
      const char* data_home = std::getenv("XDG_DATA_HOME");
      const char* home = std::getenv("HOME");
      if (geteuid() == 0) {
        config_.data_dir = "/var/lib/ai_bot";
      } else if (data_home != nullptr && *data_home == '/') {
        config_.data_dir = std::string(data_home) + "/ai_bot";
      } else {
        config_.data_dir = std::string(home != nullptr ? home : "/tmp") + "/.local/share/ai_bot";
      }
    }
    if (config_.database.path.empty()) config_.database.path = config_.data_dir + "/ai_bot.db";
    if (config_.models.empty()) {
      ModelConfig guide;
      guide.name = "guide";
      guide.type = "local";
      guide.path = "builtin";
      config_.models.push_back(guide);
    }
    if (config_.channels.empty()) {
      ChannelConfig generic;
      generic.name = "generic";
      generic.is_default = true;
      config_.channels.push_back(generic);  // its secret is made at the first start
      generated_channel_ = true;
    }
    for (ChannelConfig& channel : config_.channels) {
      if (channel.mode.empty()) channel.mode = channel.type == "generic" ? "sync" : "webhook";
    }
    if (config_.assistant.system_prompt.empty()) {
      config_.assistant.system_prompt =
          "You are ai_bot, the assistant of a team. Answer in the language of the question, "
          "briefly "
          "and correctly. Say so when you do not know.";
    }
  }

  void server() {
    if (!is_loopback(config_.server.listen)) {
      error("server.listen",
            fmt::format(
                "'{}' is not a loopback address. ai_bot has no access control yet, so it only "
                "listens on 127.0.0.1, ::1 or localhost: put a reverse proxy with TLS and "
                "authentication before it",
                config_.server.listen),
            fmt::format("“{}”不是本机回环地址。ai_bot 目前没有访问控制，只能监听 127.0.0.1、::1 或 "
                        "localhost：请在前面放置带 TLS 和身份验证的反向代理",
                        config_.server.listen));
    }
    static const std::regex host("[a-z0-9_]([a-z0-9_.-]{0,252}[a-z0-9_])?", std::regex::icase);
    for (size_t i = 0; i < config_.server.hosts.size(); ++i) {
      const std::string& name = config_.server.hosts[i];
      if (name.size() < 254 && std::regex_match(name, host)) continue;
      error(fmt::format("server.hosts[{}]", i),
            fmt::format("'{}' is not a host's name like bot.example.com (without https://, port, "
                        "path or *; other letters in their xn-- form)",
                        name),
            fmt::format("“{}”不是 bot.example.com 这样的主机名（不含 https://、端口、路径或 "
                        "*；其他文字请写 xn-- 形式）",
                        name));
    }
  }

  template <class T>
  void names(const std::string& list, const std::vector<T>& entries) {
    std::set<std::string> seen;
    for (size_t i = 0; i < entries.size(); ++i) {
      const std::string key = fmt::format("{}[{}].name", list, i);
      const std::string& name = entries[i].name;
      if (!is_plain_name(name)) {
        error(key, fmt::format("'{}' is not a name: use 1 to 64 of a-z, 0-9, '-' and '_'", name),
              fmt::format("“{}”不是有效名称：请用 1 到 64 个小写字母、数字、“-”或“_”", name));
      } else if (!seen.insert(name).second) {
        error(key, fmt::format("'{}' is there twice: each name must be different", name),
              fmt::format("“{}”重复：每个名称必须不同", name));
      }
    }
  }

  void needs(bool given, const std::string& key, const std::string& why_en,
             const std::string& why_zh) {
    if (!given) error(key, "is missing: " + why_en, "缺失：" + why_zh);
  }

  void url(const std::string& key, const std::string& value) {
    const auto parsed = parse_url(value);
    const bool fetched = parsed && (parsed->scheme == "http" || parsed->scheme == "https");
    if (value.empty() || (fetched && value.find('#') == std::string::npos)) return;
    if (!parsed && parse_url(with_ascii_host(value))) {
      return error(key, "has a host with other letters than ASCII: write it in its xn-- form",
                   "的主机名含有非 ASCII 字符：请写成 xn-- 形式");
    }
    error(key, "is not an address like https://host/path (and no user name or password in it)",
          "不是 https://主机/路径 形式的地址（且不能包含用户名或密码）");
  }

  void models() {
    names("models", config_.models);
    for (size_t i = 0; i < config_.models.size(); ++i) {
      const ModelConfig& model = config_.models[i];
      const std::string key = fmt::format("models[{}].", i);
      if (model.type == "local") {
        needs(!model.path.empty(), key + "path", "a local model needs a GGUF file, or `builtin`",
              "本地模型需要 GGUF 文件路径，或 builtin");
      } else {
        needs(!model.base_url.empty(), key + "base_url", "for example https://host/v1",
              "例如 https://主机/v1");
        needs(!model.model.empty(), key + "model", "the provider's name of the model",
              "服务商的模型名");
        url(key + "base_url", model.base_url);
      }
      for (const std::string_view reserved : {"light", "medium", "large", "ai_bot"}) {
        if (model.name == reserved) {
          error(key + "name",
                fmt::format("'{}' is the name of a tier or of ai_bot itself", reserved),
                fmt::format("“{}”是层级名或 ai_bot 自身的名称", reserved));
        }
      }
    }
  }

  void model_exists(const std::string& key, const std::string& name) {
    std::vector<std::string> known;
    for (const ModelConfig& model : config_.models) known.push_back(model.name);
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string near = nearest(name, known);
    error(key,
          fmt::format("no model is called '{}'{}; known: {}", name,
                      near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                      fmt::join(known, ", ")),
          fmt::format("没有名为“{}”的模型{}；已有：{}", name,
                      near.empty() ? "" : fmt::format("（是否想写“{}”？）", near),
                      fmt::join(known, ", ")));
  }

  void router() {
    for (const auto& [tier, names] : config_.router.tiers) {
      const std::string key = "router.tiers." + tier;
      if (tier != "light" && tier != "medium" && tier != "large") {
        error(key, "is not a tier; allowed: light, medium, large",
              "不是有效层级；可用：light、medium、large");
      }
      for (const std::string& name : names) model_exists(key, name);
    }
    for (const std::string& name : config_.router.fallback) model_exists("router.fallback", name);
  }

  void channels() {
    names("channels", config_.channels);
    for (size_t i = 0; i < config_.channels.size(); ++i) {
      const std::string& name = config_.channels[i].name;
      if (std::find(std::begin(kReservedChannels), std::end(kReservedChannels), name) ==
          std::end(kReservedChannels))
        continue;
      error(fmt::format("channels[{}].name", i),
            fmt::format("'{}' is one of ai_bot's own names ({}): choose another", name,
                        fmt::join(kReservedChannels, ", ")),
            fmt::format("“{}”是 ai_bot 的保留名称（{}）：请换一个", name,
                        fmt::join(kReservedChannels, "、")));
    }
    int defaults = 0;
    for (size_t i = 0; i < config_.channels.size() && !generated_channel_; ++i) {
      const ChannelConfig& channel = config_.channels[i];
      const std::string key = fmt::format("channels[{}].", i);
      if (channel.type == "generic") {
        generic_channel(key, channel);
      } else {
        platform(key, channel);
      }
      url(key + "callback_url", channel.callback_url);
      url(key + "base_url", channel.base_url);
      if (channel.is_default && ++defaults > 1) {
        error(key + "default", "only one channel may be the default", "只能有一个默认通道");
      }
    }
  }

  void generic_channel(const std::string& key, const ChannelConfig& channel) {
    if (channel.mode != "sync" && channel.mode != "callback") {
      error(key + "mode", "a generic channel has sync or callback",
            "generic 通道只能是 sync 或 callback");
    }
    if (channel.secret.reveal().size() < kLeastSecret) {
      error(key + "secret",
            fmt::format(
                "is missing or shorter than {} characters; make one with: openssl rand -hex 32",
                kLeastSecret),
            fmt::format("缺失或少于 {} 个字符；可用 openssl rand -hex 32 生成", kLeastSecret));
    }
    if (channel.mode == "callback") {
      needs(!channel.callback_url.empty(), key + "callback_url",
            "callback mode sends answers there", "callback 模式需要回答的发送地址");
    }
  }

  void platform(const std::string& key, const ChannelConfig& channel) {
    const bool connect = channel.mode == "connect";
    const bool connects = channel.type != "wecom";
    if (channel.mode != "webhook" && !(connect && connects)) {
      error(key + "mode",
            fmt::format("a {} channel has webhook{}", channel.type, connects ? " or connect" : ""),
            fmt::format("{} 通道只能是 webhook{}", channel.type, connects ? " 或 connect" : ""));
    }
    if (connect && channel.type != "telegram" && !channel.proxy.empty()) {
      add(false, key + "proxy",
          "is used for the platform's API, but not for the connection of mode: connect, which goes "
          "there directly",
          "用于平台 API，但 mode: connect 的长连接不经过它，而是直接连接");
    }
    const auto credential = [&](bool given, const char* field) {
      needs(
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
        error(key + "aes_key", "is missing or not 43 characters long: copy the EncodingAESKey",
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
        error(key + "public_key", "is missing or not 64 hexadecimal digits",
              "缺失或不是 64 位十六进制数字");
      }
    } else if (channel.type == "telegram") {
      static const std::regex token("[0-9]+:[A-Za-z0-9_-]+");
      if (!std::regex_match(channel.bot_token.reveal(), token)) {
        error(key + "bot_token", "is missing or not of the form 123456:ABC…, as BotFather gives it",
              "缺失或不是 123456:ABC… 形式（由 BotFather 提供）");
      }
      credential(connect || !channel.secret.empty(), "secret");
    }
  }

  void storage() {
    if (config_.storage.type == "none") return;
    static const std::regex bucket("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
    needs(!config_.storage.endpoint.empty(), "storage.endpoint",
          "for example https://object-storage.example.com",
          "例如 https://object-storage.example.com");
    url("storage.endpoint", config_.storage.endpoint);
    if (!std::regex_match(config_.storage.bucket, bucket)) {
      error("storage.bucket", "is missing or not a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-'",
            "缺失或不是有效的存储桶名：3 到 63 个小写字母、数字、“.”或“-”");
    }
    add(false, "storage",
        "is understood and valid, but object storage is not active in this version: everything is "
        "kept "
        "in the local database",
        "格式有效，但本版本尚未启用对象存储：所有数据保存在本地数据库");
  }

  void in_order(const std::string& key, Duration least, Duration most) {
    if (least <= most) return;
    error(key, "the first wait is longer than the longest one", "首次等待大于等待上限");
  }

  void ranges() {
    in_order("engine.restart_min", config_.engine.restart_min, config_.engine.restart_max);
    in_order("delivery.backoff_min", config_.delivery.backoff_min, config_.delivery.backoff_max);
    in_order("assistant.retry_min", config_.assistant.retry_min, config_.assistant.retry_max);
  }

  Config& config_;
  const std::map<std::string, int>& lines_;
  std::vector<Finding>& findings_;
  bool generated_channel_ = false;
};

}  // namespace

bool is_loopback(const std::string& address) {
  in_addr v4{};
  in6_addr v6{};
  if (address == "localhost") return true;
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_plain_name(const std::string& name) {
  static const std::regex pattern("[a-z0-9][a-z0-9_-]{0,63}");
  return name.size() <= 64 && std::regex_match(name, pattern);
}

void complete_and_check(Config& config, const std::map<std::string, int>& lines,
                        std::vector<Finding>& findings) {
  Checker(config, lines, findings).run();
}

}  // namespace ai_bot
