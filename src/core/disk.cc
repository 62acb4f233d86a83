#include "core/disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace ai_bot {
namespace {

namespace fs = std::filesystem;

// What was renamed in a folder is there after a power cut only when the folder is on the disk too.
bool sync_folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  // Some network file systems can't, and say so.
  const bool good = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
  close(fd);
  return good;
}

}  // namespace

FileId FileId::of(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

bool may_exist(const std::string& path) {
  return access(path.c_str(), F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

int64_t free_disk(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return -1;
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

tl::unexpected<Error> system_error(const std::string& path, const Text& what, const Text& cure) {
  const int number = errno;
  const Code code = number == ENOSPC ? Code::kStorageFull : Code::kStorage;
  return fail(code, fmt::format("{} {}: {}{}", path, what.en, std::strerror(number), cure.en),
              fmt::format("{} {}：{}{}", path, what.zh, std::strerror(number), cure.zh));
}

Result<void> write_whole_file(const std::string& path, std::string_view content) {
  const std::string beside = path + ".new";
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(beside, kNotWritten);
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      auto error = system_error(beside, kNotWritten);
      close(fd);
      unlink(beside.c_str());
      return error;
    }
    content.remove_prefix(static_cast<size_t>(count));
  }
  const bool good = fsync(fd) == 0;
  close(fd);
  if (!good || rename(beside.c_str(), path.c_str()) != 0 || !sync_folder_of(path)) {
    return system_error(path, kNotWritten);
  }
  return {};
}

}  // namespace ai_bot
