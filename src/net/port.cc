#include "net/port.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ai_bot {

Result<void> check_port(const std::string& listen_on, int64_t number) {
  const std::string port = std::to_string(number);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(listen_on.c_str(), port.c_str(), &hints, &found) != 0) {
    return fail(Code::kInvalid, "server.listen: '" + listen_on + "' is no address",
                "server.listen：“" + listen_on + "”不是有效地址");
  }
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool free = bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 1) == 0;
  const int error = errno;
  close(fd);
  freeaddrinfo(found);
  if (free) return {};
  return fail(
      Code::kConflict,
      fmt::format(
          "can't listen on {} port {}: {}. Stop the program that uses it (ss -ltnp shows it), "
          "or choose another with server.port or --port",
          listen_on, port, std::strerror(error)),
      fmt::format("无法监听 {} 端口 {}：{}。请停止占用它的程序（用 ss -ltnp 查看），或用 "
                  "server.port 或 --port "
                  "更换端口",
                  listen_on, port, std::strerror(error)));
}

}  // namespace ai_bot
