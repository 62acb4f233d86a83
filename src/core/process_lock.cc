#include "core/process_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "core/disk.h"

namespace ai_bot {
namespace {

int process_in(int fd) {
  std::array<char, 16> content{};
  return pread(fd, content.data(), content.size() - 1, 0) > 0 ? std::atoi(content.data()) : 0;
}

}  // namespace

Result<ProcessLock> ProcessLock::take(const std::string& file, const std::string& what,
                                      const std::string& key) {
  const Text cure{"; check the rights of its folder, or choose another " + key,
                  "；请检查其目录的权限，或更换 " + key};
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(file, kNotWritten, cure);
  ProcessLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(file, {"can't be locked", "无法加锁"}, cure);
    const int pid = process_in(fd);
    return fail(
        Code::kConflict,
        fmt::format("another ai_bot (process {}) uses {} already: stop it, or choose another {}",
                    pid, what, key),
        fmt::format("另一个 ai_bot（进程 {}）正在使用 {}：请先停止它，或更换 {}", pid, what, key));
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0)
    return system_error(file, kNotWritten, cure);
  return lock;
}

Result<ProcessLock> ProcessLock::beside(const std::string& path, const std::string& key) {
  std::error_code unknown;
  const auto file = std::filesystem::weakly_canonical(path, unknown);
  return take((unknown ? path : file.string()) + ".lock", path, key);
}

int ProcessLock::holder(const std::string& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return 0;
  const bool is_held = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  const int pid = is_held ? process_in(fd) : 0;
  close(fd);
  return pid;
}

ProcessLock::~ProcessLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace ai_bot
