#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>
#include <thread>

#include "cli/channel_states.h"
#include "cli/command.h"
#include "cli/doctor_database.h"
#include "cli/running_server.h"
#include "cli/terminal.h"
#include "config/data_folder.h"
#include "core/disk.h"
#include "core/json.h"
#include "models/engine_plan.h"
#include "net/port.h"

namespace ai_bot {
namespace {

using terminal::Colour;
using terminal::size_text;

constexpr int64_t kLeastMemory = 1LL << 30;

class Doctor : private Diagnosis {
 public:
  explicit Doctor(const Cli& cli) : Diagnosis(cli), cli_(cli) {}

  std::vector<Check> examine() {
    machine();
    const ReadConfig read = load_config(cli_.config_path);
    configuration(read);
    if (!read.usable()) return checks();
    config_ = read.config;
    const RunningServer running(cli_, config_);
    if (running.is_hidden()) {
      add(Grade::kError, tr("data folder", "数据目录"), cli_.tr(running.status().error().text));
      return checks();
    }
    data_folder();
    webhook_secret();
    engine();
    models();
    if (!server(running)) port();
    examine_database(*this, cli_, config_.database.path);
    return checks();
  }

 private:
  void machine() {
    const int64_t memory = usable_memory();
    const auto text =
        fmt::format(fmt::runtime(tr("{} processors, {} of memory", "{} 个处理器，{} 内存")),
                    std::thread::hardware_concurrency(), size_text(memory));
    if (memory < kLeastMemory) {
      add(Grade::kWarning, tr("machine", "机器"), text,
          tr("use small models only, or a machine with 2 GiB or more",
             "只使用小模型，或换用 2 GiB 以上内存的机器"));
    } else {
      add(Grade::kGood, tr("machine", "机器"), text);
    }
  }

  void configuration(const ReadConfig& read) {
    const std::string subject = tr("configuration", "配置");
    for (const Finding& finding : read.findings) {
      add(finding.is_error ? Grade::kError : Grade::kWarning, subject, finding.in(cli_.language),
          tr("mend the file, then: ai_bot config check", "修改该文件后运行：ai_bot config check"));
    }
    if (read.findings.empty()) add(Grade::kGood, subject, read.config.origin);
  }

  void webhook_secret() {
    const DataFolder folder(config_.data_dir);
    if (!may_exist(folder.path() + "/webhook.secret")) return;
    if (const auto secret = folder.webhook_secret(); !secret)
      add(Grade::kError, tr("secret", "密钥"), cli_.tr(secret.error().text));
  }

  void data_folder() {
    const std::string subject = tr("data folder", "数据目录");
    const std::string& path = config_.data_dir;
    if (!may_exist(path))
      return add(Grade::kGood, subject,
                 path + tr(" (made at the first start)", "（首次启动时创建）"));
    if (access(path.c_str(), W_OK | X_OK) != 0) {
      return add(Grade::kError, subject, path + tr(" may not be written", " 没有写权限"),
                 fmt::format("chown -R {} {}", getuid(), path));
    }
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && (info.st_mode & 0077) != 0) {
      add(Grade::kWarning, subject, path + tr(" can be read by others", " 可被其他用户读取"),
          "chmod 700 " + path);
    }
    const int64_t free = free_disk(path);
    const auto text =
        fmt::format(fmt::runtime(tr("{}, {} free", "{}，剩余 {}")), path, size_text(free));
    if (free < config_.database.min_free_disk.count) {
      add(Grade::kError, subject, text,
          tr("free some space, or lower database.min_free_disk",
             "释放空间，或调低 database.min_free_disk"));
    } else {
      add(Grade::kGood, subject, text);
    }
  }

  bool uses_local_models() const {
    for (const ModelConfig& model : config_.models) {
      if (model.type == "local") return true;
    }
    return false;
  }

  void engine() {
    if (!uses_local_models()) return;
    const auto tool = find_engine_tool(config_.engine, "llama-server");
    if (tool) {
      add(Grade::kGood, tr("engine", "引擎"), *tool);
    } else {
      add(Grade::kError, tr("engine", "引擎"), cli_.tr(tool.error().text), "script/engine");
    }
  }

  void models() {
    const DataFolder folder(config_.data_dir);
    std::string chosen = folder.active_model();
    for (const ModelConfig& model : config_.models) {
      const std::string subject = tr("model ", "模型 ") + model.name;
      if (model.type != "local") {
        add(Grade::kGood, subject, model.base_url);
        continue;
      }
      const std::string file = chosen.empty() ? model.path : std::exchange(chosen, "");
      if (file == "builtin") {
        add(Grade::kGood, subject,
            tr("the built-in guide; a larger model: ai_bot model use FILE.gguf",
               "内置向导；更大的模型：ai_bot model use 文件.gguf"));
        continue;
      }
      model_file(subject, file);
    }
  }

  void model_file(const std::string& subject, const std::string& file) {
    const auto info = inspect_gguf(file);
    if (!info) {
      return add(Grade::kError, subject, cli_.tr(info.error().text),
                 tr("copy the file again, or: ai_bot model use builtin",
                    "重新复制该文件，或运行：ai_bot model use builtin"));
    }
    const EnginePlan plan = plan_engine(config_.engine, *info, usable_memory(),
                                        static_cast<int>(std::thread::hardware_concurrency()));
    const auto text = fmt::format(
        fmt::runtime(tr("{} ({}, about {} of memory with {} slots of {} tokens)",
                        "{}（{}，{} 内存左右，{} 个槽，每槽 {} token）")),
        file, info->quantization, size_text(plan.estimated_memory), plan.parallel, plan.context);
    if (plan.estimated_memory > usable_memory() * 8 / 10) {
      add(Grade::kError, subject, text,
          tr("it does not fit: choose a smaller model, or quantize it: ai_bot model quantize",
             "内存不足：请换更小的模型，或量化：ai_bot model quantize"));
    } else {
      add(Grade::kGood, subject, text);
    }
  }

  // False: none runs.
  bool server(const RunningServer& running) {
    const std::string subject = tr("server", "服务器");
    if (running.pid() == 0) {
      add(Grade::kGood, subject,
          tr("not running (start it with: ai_bot serve)", "未运行（启动：ai_bot serve）"));
      return false;
    }
    const auto status = running.status();
    if (!status) {
      add(Grade::kError, subject, cli_.tr(status.error().text), tr("see its log", "请查看日志"));
      return true;
    }
    const nlohmann::json& health = *status;
    std::string reasons;
    for (const auto& reason : health["reasons"])
      reasons += (reasons.empty() ? "" : "; ") + reason.get<std::string>();
    for (const auto& model : health["models"]) {
      if (model.contains("problem"))
        reasons += (reasons.empty() ? "" : "; ") + model["problem"].get<std::string>();
    }
    for (const nlohmann::json& channel : channel_states(health)) {
      for (const std::string& problem : problems_of_channel(channel))
        reasons += (reasons.empty() ? "" : "; ") + text_or(channel, "channel") + ": " + problem;
    }
    const bool is_ok = health["status"] == "ok";
    if (is_ok && reasons.empty()) {
      add(Grade::kGood, subject,
          fmt::format(fmt::runtime(tr("healthy at {}", "运行正常：{}")), text_or(health, "url")));
    } else {
      add(is_ok ? Grade::kWarning : Grade::kError, subject, reasons,
          tr("see its log", "请查看日志"));
    }
    return true;
  }

  void port() {
    const auto free = check_port(config_.server.listen, config_.server.port);
    const auto text = fmt::format("{}:{}", config_.server.listen, config_.server.port);
    if (free) {
      add(Grade::kGood, tr("port", "端口"), text + tr(" is free", " 可用"));
    } else {
      add(Grade::kError, tr("port", "端口"), cli_.tr(free.error().text),
          tr("set server.port", "修改 server.port"));
    }
  }

  const Cli& cli_;
  Config config_;
};

void print(const Cli& cli, const std::vector<Check>& checks) {
  constexpr const char* kSigns[] = {"✓", "!", "✗"};
  constexpr Colour kColours[] = {Colour::kGreen, Colour::kYellow, Colour::kRed};
  for (const Check& check : checks) {
    const int grade = static_cast<int>(check.grade);
    std::cout << terminal::coloured(kColours[grade], kSigns[grade]) << " " << check.subject << ": "
              << check.text << "\n";
    if (!check.cure.empty()) std::cout << "  " << cli.tr("fix: ", "处理：") << check.cure << "\n";
  }
}

void examine(Cli& cli, bool as_json) {
  const std::vector<Check> checks = Doctor(cli).examine();
  constexpr const char* kGrades[] = {"ok", "warning", "error"};
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const Check& check : checks) {
    if (check.grade == Grade::kError) cli.exit_code = 1;
    out.push_back({{"level", kGrades[static_cast<int>(check.grade)]},
                   {"subject", check.subject},
                   {"text", check.text},
                   {"fix", check.cure}});
  }
  if (as_json) {
    std::cout << out.dump(2) << "\n";
  } else {
    print(cli, checks);
  }
}

}  // namespace

void add_doctor(CLI::App& app, Cli& cli) {
  struct Options {
    bool as_json = false;
    bool replay = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(app, cli, "doctor",
                  {"Check the machine, files, port, model and database, and say what to do",
                   "检查机器、文件、端口、模型和数据库，并给出处理办法"},
                  [&cli, options] {
                    options->replay ? replay_dead_letters(cli) : examine(cli, options->as_json);
                  });
  command->add_flag("--json", options->as_json, cli.tr("As JSON", "输出 JSON"));
  command->add_flag("--replay", options->replay,
                    cli.tr("Open the dead letters again", "重新打开死信"));
}

}  // namespace ai_bot
