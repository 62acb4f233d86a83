#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "app/server.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "config/logging.h"
#include "net/address.h"
#include "settings/reader.h"

namespace ai_bot {
namespace {

namespace fs = std::filesystem;

// How this program is called from here: its name when it is on PATH, otherwise its path.
std::string own_name() {
  std::error_code ignored;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
  const char* const set = std::getenv("PATH");
  std::stringstream path(set == nullptr ? "" : set);
  for (std::string folder; std::getline(path, folder, ':');) {
    if (fs::equivalent(fs::path(folder) / self.filename(), self, ignored)) return self.filename();
  }
  return fs::proximate(self, ignored);
}

// How to talk to it; only where a person reads along.
std::string welcome(const Cli& cli, const Config& config) {
  const std::string url = http_url(config.server.listen, config.server.port);
  const bool elsewhere = config.server.port != ServerConfig().port;
  const std::string chat = own_name() + " chat" + (elsewhere ? " --url " + url : "");
  const std::string question = cli.tr("How do I add a larger model?", "怎么添加更大的模型？");
  const std::string head =
      terminal::coloured(terminal::Colour::kBold,
                         cli.tr("ai_bot is ready. Talk to it:", "ai_bot 已就绪。可以这样使用："));
  const auto line = [](const std::string& name, const std::string& text) {
    return fmt::format("  {:<10} {}\n", name, text);
  };
  return "\n" + head + "\n\n" + line(cli.tr("terminal", "终端"), chat) +
         line("API",
              "curl " + url + "/v1/chat/completions -H 'Content-Type: application/json' \\") +
         line("", R"(  -d '{"messages":[{"role":"user","content":")" + question + R"("}]}')") +
         line("webhook", url + "/api/webhook/" + config.channels.front().name) +
         line(cli.tr("health", "健康检查"), url + "/api/health") + "\n" +
         cli.tr("Stop with Ctrl-C.", "按 Ctrl-C 停止。") + "\n\n";
}

struct ServeOptions {
  std::string listen;
  int64_t port = 0;
};

// What the command line says instead.
void apply(const ServeOptions& options, Config& config) {
  if (!options.listen.empty()) config.server.listen = options.listen;
  if (options.port != 0) config.server.port = options.port;
}

void serve(Cli& cli, const ServeOptions& options) {
  auto config = cli.load_config();
  if (!config) {
    cli.exit_code = 1;
    return;
  }
  apply(options, *config);
  configure_log(config->log);
  auto server = Server::create(*config, [&cli, &options] {
    ReadConfig read = load_config(cli.config_path);
    apply(options, read.config);
    return read;
  });
  if (!server) return cli.fail(server.error().text);
  (*server)->run([&] {
    if (terminal::is_terminal(STDOUT_FILENO)) std::cout << welcome(cli, *config) << std::flush;
  });
}

}  // namespace

void add_serve(CLI::App& app, Cli& cli) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = add_command(app, cli, "serve", {"Run the server", "运行服务器"},
                                  [&cli, options] { serve(cli, *options); });
  command
      ->add_option("--listen", options->listen,
                   cli.tr("Address instead of server.listen", "监听地址，代替 server.listen"))
      ->check([&cli](const std::string& address) {
        return is_loopback(address)
                   ? std::string()
                   : cli.tr(
                         "only a loopback address is allowed while there is no access control: put "
                         "a reverse proxy before ai_bot",
                         "在有访问控制之前只能使用回环地址：请在 ai_bot 前面放置反向代理");
      });
  command
      ->add_option("-p,--port", options->port,
                   cli.tr("Port instead of server.port", "端口，代替 server.port"))
      ->check(CLI::Range(1, 65535));
}

}  // namespace ai_bot
