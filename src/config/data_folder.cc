#include "config/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/checks.h"
#include "core/disk.h"
#include "core/id.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestSocketFolder = 60;  // leaves 47 bytes of a socket's address for its name
constexpr int kSecretBytes = 32;
constexpr off_t kLargestSecretFile = 4096;  // bytes
const Text kMakeAnother{": remove the file, another one is made at the next start",
                        "：请删除该文件，下次启动会重新生成"};

const Text kNotCreated{"can't be created", "无法创建"};
const Text kAnotherFolder{"; choose another data_dir or mend its rights",
                          "；请更换 data_dir 或修正权限"};

std::string lock_file(const std::string& folder) { return folder + "/ai_bot.lock"; }

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

Result<void> make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error(path, kNotCreated, kAnotherFolder);
  }
  return {};
}

// Also what an earlier version made for everybody to look into.
void close_to_others(const std::string& path) {
  std::error_code ignored;
  fs::permissions(path, fs::perms::owner_all, ignored);
  for (fs::recursive_directory_iterator at(path, ignored), end; at != end; at.increment(ignored)) {
    if (at->is_directory(ignored) && !at->is_symlink(ignored))
      fs::permissions(at->path(), fs::perms::owner_all, ignored);
  }
}

}  // namespace

Result<void> DataFolder::prepare() const {
  for (const std::string& folder : {path_, models(), path_ + "/run"}) {
    if (auto made = make_folder(folder); !made) return made;
  }
  close_to_others(path_ + "/run");
  if (access(path_.c_str(), W_OK | X_OK) != 0) {
    return system_error(path_, {"may not be written", "没有写权限"}, kAnotherFolder);
  }
  return {};
}

Result<ProcessLock> DataFolder::lock() const {
  return ProcessLock::take(lock_file(path_), path_, "data_dir");
}

int DataFolder::server() const { return ProcessLock::holder(lock_file(path_)); }

Result<std::string> DataFolder::sockets() const {
  std::string folder = path_ + "/run";
  if (folder.size() <= kLongestSocketFolder) return folder;
  std::string pattern = "/tmp/ai_bot-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) return system_error(pattern, kNotCreated);
  return pattern;
}

Result<Secret> DataFolder::webhook_secret() const {
  const std::string file = path_ + "/webhook.secret";
  std::error_code unknown;
  if (fs::symlink_status(file, unknown).type() == fs::file_type::not_found) {
    if (auto written = write_whole_file(file, random_hex(kSecretBytes) + "\n"); !written)
      return fail(written.error());
  }
  struct stat info {};
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO is not waited for
  const bool usable = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
                      info.st_size <= kLargestSecretFile;
  if (!usable) {
    if (fd >= 0) errno = EINVAL;
    auto error = system_error(file, {"can't be read", "无法读取"}, kMakeAnother);
    if (fd >= 0) close(fd);
    return error;
  }
  close(fd);
  if ((info.st_mode & 0077) != 0) {
    return fail(Code::kInvalid,
                fmt::format("{} can be read or written by others, who may know it by now: remove "
                            "it, another one is made at the next start (or: chmod 600 {})",
                            file, file),
                fmt::format("{} 可被其他用户读写，密钥可能已泄露：请删除，下次启动会重新生成（或 "
                            "chmod 600 {}）",
                            file, file));
  }
  const std::string secret(trim(read_file(file)));
  if (secret.size() < kLeastSecret) {
    return fail(Code::kInvalid,
                fmt::format("{} has {} characters, and {} are the least that keeps others from "
                            "guessing it{}",
                            file, secret.size(), kLeastSecret, kMakeAnother.en),
                fmt::format("{} 只有 {} 个字符，至少需要 {} 个{}", file, secret.size(),
                            kLeastSecret, kMakeAnother.zh));
  }
  // A file that a power cut has filled with zeros would be the empty key (RFC 2104 pads with them).
  const auto is_plain = [](char c) { return c > ' ' && c <= '~'; };
  if (!std::all_of(secret.begin(), secret.end(), is_plain)) {
    return fail(Code::kInvalid,
                fmt::format("{} holds something else than letters, digits and signs{}", file,
                            kMakeAnother.en),
                fmt::format("{} 包含字母、数字和符号以外的内容{}", file, kMakeAnother.zh));
  }
  return Secret(secret);
}

std::string DataFolder::active_model() const {
  return std::string(trim(read_file(path_ + "/active_model")));
}

Result<void> DataFolder::choose_model(const std::string& file) const {
  return write_whole_file(path_ + "/active_model", file + "\n");
}

}  // namespace ai_bot
