#include "models/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/suggest.h"
#include "config/table.h"
#include "net/url_check.h"

namespace ai_bot {
namespace {

void model_exists(Checks& check, const std::vector<ModelConfig>& models, const std::string& key,
                  const std::string& name) {
  std::vector<std::string> known;
  known.reserve(models.size());
  for (const ModelConfig& model : models) known.push_back(model.name);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string near = nearest(name, known);
  check.error(key,
              fmt::format("no model is called '{}'{}; known: {}", name,
                          near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                          fmt::join(known, ", ")),
              fmt::format("没有名为“{}”的模型{}；已有：{}", name,
                          near.empty() ? "" : fmt::format("（是否想写“{}”？）", near),
                          fmt::join(known, ", ")));
}

}  // namespace

// Tables: one field a line.
// clang-format off

void fields(Visitor& v, EngineConfig& c) {
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

void fields(Visitor& v, ModelConfig& c) {
  v(c.name, {"name", {"The name people and the router use.", "供用户和路由使用的名称。"}});
  v(c.type, {"type", {"local: a GGUF file under llama-server. openai: any OpenAI-compatible endpoint.", "local：由 llama-server 运行的 GGUF 文件；openai：任何兼容 OpenAI 的接口。"}, kRestart, 0, 0, {"local", "openai"}});
  v(c.path, {"path", {"For local: the GGUF file, or `builtin`.", "local 类型：GGUF 文件路径，或 builtin。"}, kReload});
  v(c.base_url, {"base_url", {"For openai: the address up to and with /v1.", "openai 类型：接口地址，写到 /v1 为止。"}, kRestart, 0, 0, {}, true});
  v(c.api_key, {"api_key", {"For openai: the key; `${ENV}` or `file:PATH`.", "openai 类型：密钥，用 ${ENV} 或 file:路径。"}});
  v(c.model, {"model", {"For openai: the provider's name of the model.", "openai 类型：服务商的模型名。"}});
  v(c.proxy, {"proxy", {"Proxy for this endpoint, e.g. http://127.0.0.1:3128; empty: the environment's.", "此接口使用的代理；留空则用环境变量中的代理。"}, kRestart, 0, 0, {}, true});
  v(c.context, {"context", {"For openai: tokens of context.", "openai 类型：上下文 token 数。"}, kRestart, 256, 1 << 24});
  v(c.vision, {"vision", {"Whether it takes images (PNG, JPEG, GIF, WebP). Not set: as its endpoint says (llama-server, OpenRouter, Mistral), otherwise false.", "是否接收图片（PNG、JPEG、GIF、WebP）。未设置时以接口的说明为准（llama-server、OpenRouter、Mistral），否则为 false。"}});
  v(c.connect_timeout, {"connect_timeout", {"Time to connect.", "连接超时。"}, kRestart, 1, kHour});
  v(c.first_token_timeout, {"first_token_timeout", {"Time until the first token.", "首个 token 超时。"}, kRestart, 1, kHour});
  v(c.between_tokens_timeout, {"between_tokens_timeout", {"Longest silence between two tokens.", "两个 token 之间的最长间隔。"}, kRestart, 1, kHour});
  v(c.total_timeout, {"total_timeout", {"Longest answer.", "整个回答的最长时间。"}, kRestart, 1, kDay});
}

void fields(Visitor& v, BreakerConfig& c) {
  v(c.failures, {"failures", {"Failures within the window that open the breaker.", "窗口内失败达到此数即熔断。"}, kRestart, 1, 10000});
  v(c.window, {"window", {"Failures older than this are forgotten.", "超过此时间的失败不再计算。"}, kRestart, 1, kDay});
  v(c.open_for, {"open_for", {"An open breaker lets a trial through after this time.", "熔断后经过此时间放行一次试探。"}, kRestart, 1, kDay});
  v(c.half_open_trials, {"half_open_trials", {"Successful trials that close it again.", "试探成功此次数后恢复。"}, kRestart, 1, 100});
}

void fields(Visitor& v, RouterConfig& c) {
  v(c.default_tier, {"default_tier", {"The tier used when nobody asks for another.", "未指定时使用的层级。"}, kRestart, 0, 0, {"light", "medium", "large"}});
  v(c.tiers, {"tiers", {"Models of each tier (light, medium, large), the first one that works answers. Empty: all models, in order.", "每个层级（light、medium、large）的模型，按顺序使用。留空表示全部模型按顺序。"}});
  v(c.fallback, {"fallback", {"Models tried when a tier's own all fail.", "某层级模型全部失败后尝试的模型。"}});
  v(c.retries, {"retries", {"Repeats on the same model, only while nothing was streamed yet.", "同一模型的重试次数，仅在尚未输出内容时。"}, kRestart, 0, 10});
  v(c.breaker, {"breaker", {"The circuit breaker of each model.", "每个模型的熔断器。"}});
}

// clang-format on

void check_models(Checks& check, const std::vector<ModelConfig>& models) {
  check.names("models", models);
  for (size_t i = 0; i < models.size(); ++i) {
    const ModelConfig& model = models[i];
    const std::string key = fmt::format("models[{}].", i);
    if (model.type == "local") {
      check.needs(!model.path.empty(), key + "path",
                  "a local model needs a GGUF file, or `builtin`",
                  "本地模型需要 GGUF 文件路径，或 builtin");
    } else {
      check.needs(!model.base_url.empty(), key + "base_url", "for example https://host/v1",
                  "例如 https://主机/v1");
      check.needs(!model.model.empty(), key + "model", "the provider's name of the model",
                  "服务商的模型名");
      check_url(check, key + "base_url", model.base_url);
    }
    for (const std::string_view reserved : {"light", "medium", "large", "ai_bot"}) {
      if (model.name == reserved) {
        check.error(key + "name",
                    fmt::format("'{}' is the name of a tier or of ai_bot itself", reserved),
                    fmt::format("“{}”是层级名或 ai_bot 自身的名称", reserved));
      }
    }
  }
}

void check_router(Checks& check, const RouterConfig& router,
                  const std::vector<ModelConfig>& models) {
  for (const auto& [tier, names] : router.tiers) {
    const std::string key = "router.tiers." + tier;
    if (tier != "light" && tier != "medium" && tier != "large") {
      check.error(key, "is not a tier; allowed: light, medium, large",
                  "不是有效层级；可用：light、medium、large");
    }
    for (const std::string& name : names) model_exists(check, models, key, name);
  }
  for (const std::string& name : router.fallback)
    model_exists(check, models, "router.fallback", name);
}

void check_engine(Checks& check, const EngineConfig& engine) {
  check.in_order("engine.restart_min", engine.restart_min, engine.restart_max);
}

}  // namespace ai_bot
