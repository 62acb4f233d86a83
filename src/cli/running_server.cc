#include "cli/running_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "config/data_folder.h"
#include "core/json.h"
#include "net/address.h"
#include "net/http_client.h"
#include "net/local_server.h"

namespace ai_bot {
namespace {

constexpr milliseconds kTimeout{65000};  // a little longer than the socket's own

}  // namespace

RunningServer::RunningServer(const Cli& cli, const Config& config) : cli_(cli), config_(config) {
  const DataFolder folder(config.data_dir);
  socket_ = folder.admin_socket();
  pid_ = folder.server();
  is_hidden_ = access(config.data_dir.c_str(), R_OK | W_OK | X_OK) != 0 && errno == EACCES;
}

Result<RunningServer::Answer> RunningServer::ask(const std::string& method,
                                                 const std::string& path) const {
  const std::string& data = config_.data_dir;
  if (is_hidden_) {
    return fail(Code::kUnavailable,
                data + " is another user's: run this as that user (sudo -u USER ai_bot …) or root",
                data + " 属于其他用户：请以该用户（sudo -u 用户 ai_bot …）或 root 运行");
  }
  if (pid_ == 0) {
    return fail(Code::kUnavailable,
                "no server runs with the data folder " + data + ": start it with `ai_bot serve`",
                "没有服务器在使用数据目录 " + data + "：请用 `ai_bot serve` 启动");
  }
  const std::string folder = std::filesystem::path(socket_).parent_path().string();
  const int opened = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  HttpClient http;
  HttpRequest request;
  request.method = method;
  request.url = "http://localhost" + path;
  request.unix_socket = short_socket_path(opened, socket_);
  request.headers = {{"Accept-Language", cli_.tr("en", "zh")}};
  request.timeouts = HttpTimeouts::all(kTimeout);
  const auto reply = http.fetch(std::move(request));
  close(opened);
  if (!reply) {
    return fail(
        Code::kUnavailable,
        fmt::format("process {} runs, but does not answer at {}: {}. Look at its log; "
                    "started from an earlier version, it must be restarted",
                    pid_, socket_, reply.error().text.en),
        fmt::format("进程 {} 正在运行，但 {} 没有响应：{}。请查看日志；若为旧版本启动，请重启",
                    pid_, socket_, reply.error().text.zh));
  }
  return Answer{reply->status, parse_json(reply->body)};
}

Error RunningServer::Answer::refusal() const {
  const std::string message = text_or(object_in(body, "error"), "message", "?");
  return {Code::kUnavailable, {message, message}};
}

Result<nlohmann::json> RunningServer::status() const {
  auto answer = ask("GET", "/api/admin/status");
  if (!answer) return fail(answer.error());
  if (answer->status == 200 && answer->body.is_object()) return std::move(answer->body);
  return fail(answer->refusal());
}

std::string RunningServer::url() const {
  const auto known = pid_ != 0 ? status() : fail(Code::kUnavailable, "", "");
  const std::string configured = http_url(config_.server.listen, config_.server.port);
  return known ? text_or(*known, "url", configured) : configured;
}

}  // namespace ai_bot
