#include "app/port.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ai_bot {

Result<void> check_port(const ServerConfig& server) {
  const std::string port = std::to_string(server.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(server.listen.c_str(), port.c_str(), &hints, &found) != 0) {
    return fail(Code::kInvalid, "server.listen: '" + server.listen + "' is no address",
                "server.listen：“" + server.listen + "”不是有效地址");
  }
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool free = bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 1) == 0;
  const int number = errno;
  close(fd);
  freeaddrinfo(found);
  if (free) return {};
  return fail(
      Code::kConflict,
      fmt::format(
          "can't listen on {} port {}: {}. Stop the program that uses it (ss -ltnp shows it), "
          "or choose another with server.port or --port",
          server.listen, port, std::strerror(number)),
      fmt::format("无法监听 {} 端口 {}：{}。请停止占用它的程序（用 ss -ltnp 查看），或用 "
                  "server.port 或 --port "
                  "更换端口",
                  server.listen, port, std::strerror(number)));
}

}  // namespace ai_bot
