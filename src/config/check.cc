#include "config/check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <regex>

#include "config/check_channels.h"
#include "config/checks.h"
#include "config/suggest.h"
#include "net/address.h"

namespace ai_bot {
namespace {

class Checker : private Checks {
 public:
  Checker(Config& config, const std::map<std::string, int>& lines, std::vector<Finding>& findings)
      : Checks(config.origin, lines, findings), config_(config) {}

  void run() {
    complete();
    server();
    models();
    router();
    if (!generated_channel_) check_channels(*this, config_);
    storage();
    ranges();
  }

 private:
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
    warning(
        "storage",
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
  bool generated_channel_ = false;
};

}  // namespace

void complete_and_check(Config& config, const std::map<std::string, int>& lines,
                        std::vector<Finding>& findings) {
  Checker(config, lines, findings).run();
}

}  // namespace ai_bot
