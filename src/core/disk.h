// Files as the disk has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace ai_bot {

// Which file a path leads to.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;  // 0: there is none
  bool operator==(const FileId&) const = default;

  static FileId of(const std::string& path);
};

// Whether something is there. Also where that can't be told, since its folder may not be entered:
// opening it says why.
bool may_exist(const std::string& path);

// Free bytes for this process on the file system that holds `path`; -1 when it can't be told.
int64_t free_disk(const std::string& path);

const Text kNotWritten{"can't be written", "无法写入"};

// The error that errno says: "PATH can't be written: No space left on device", with the cure behind
// it. kStorageFull where that is why, otherwise kStorage.
tl::unexpected<Error> system_error(const std::string& path, const Text& what,
                                   const Text& cure = {});

// Writes the file beside (mode 0600), then renames it: it is there whole or not at all, also after
// a power cut.
Result<void> write_whole_file(const std::string& path, std::string_view content);

}  // namespace ai_bot
