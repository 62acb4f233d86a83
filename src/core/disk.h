// Files as the disk has them.
#pragma once

#include <cstdint>
#include <string>

namespace ai_bot {

// Which file a path leads to.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;  // 0: there is none
  bool operator==(const FileId&) const = default;

  static FileId of(const std::string& path);
};

// Free bytes for this process on the file system that holds `path`; -1 when it can't be told.
int64_t free_disk(const std::string& path);

}  // namespace ai_bot
