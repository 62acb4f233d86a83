// Where the database is: whether its path still leads to it.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "core/disk.h"
#include "core/result.h"

namespace ai_bot {

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

}  // namespace ai_bot
