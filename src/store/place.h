// Where the database is: whether its path still leads to it, and how much room there is.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "core/result.h"

namespace ai_bot {

// Which file a path leads to.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;  // 0: there is none
  bool operator==(const FileId&) const = default;

  static FileId of(const std::string& path);
};

// Notices that the database's files were deleted, moved or replaced while they are open.
class Place {
 public:
  // Of a database that is open now.
  explicit Place(std::string path);

  // Looks; a change is logged. On one thread.
  void check();
  // As of the last check(): kStorage while the path leads elsewhere. On any thread.
  Result<void> get() const;

 private:
  std::vector<FileId> files() const;

  const std::string path_;
  const std::vector<FileId> opened_;  // the database, its -wal and its -shm
  mutable std::mutex mutex_;
  Result<void> in_place_;
};

// Free bytes for this process on the file system that holds `path`; -1 when it can't be told.
int64_t free_disk(const std::string& path);

}  // namespace ai_bot
