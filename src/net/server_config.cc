#include "net/server_config.h"

#include <regex>

#include "config/table.h"
#include "net/address.h"

namespace ai_bot {

// clang-format off
void fields(Visitor& v, ServerConfig& c) {
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
// clang-format on

void check_server(Checks& check, const ServerConfig& config) {
  if (!is_loopback(config.listen)) {
    check.error(
        "server.listen",
        fmt::format("'{}' is not a loopback address. ai_bot has no access control yet, so it only "
                    "listens on 127.0.0.1, ::1 or localhost: put a reverse proxy with TLS and "
                    "authentication before it",
                    config.listen),
        fmt::format("“{}”不是本机回环地址。ai_bot 目前没有访问控制，只能监听 127.0.0.1、::1 或 "
                    "localhost：请在前面放置带 TLS 和身份验证的反向代理",
                    config.listen));
  }
  static const std::regex host("[a-z0-9_]([a-z0-9_.-]{0,252}[a-z0-9_])?", std::regex::icase);
  for (size_t i = 0; i < config.hosts.size(); ++i) {
    const std::string& name = config.hosts[i];
    if (name.size() < 254 && std::regex_match(name, host)) continue;
    check.error(
        fmt::format("server.hosts[{}]", i),
        fmt::format("'{}' is not a host's name like bot.example.com (without https://, port, "
                    "path or *; other letters in their xn-- form)",
                    name),
        fmt::format("“{}”不是 bot.example.com 这样的主机名（不含 https://、端口、路径或 "
                    "*；其他文字请写 xn-- 形式）",
                    name));
  }
}

}  // namespace ai_bot
