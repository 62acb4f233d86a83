#include "store/sqlite/place.h"

#include "core/log.h"

namespace ai_bot {
namespace {

const char* const kFiles[] = {"", "-wal", "-shm"};

}  // namespace

Place::Place(std::string path) : path_(std::move(path)), opened_(files()) {}

Result<void> Place::get() const {
  std::lock_guard lock(mutex_);
  return in_place_;
}

std::vector<FileId> Place::files() const {
  std::vector<FileId> files;
  for (const char* ending : kFiles) files.push_back(FileId::of(path_ + ending));
  return files;
}

void Place::check() {
  const bool is_there = files() == opened_;
  {
    std::lock_guard lock(mutex_);
    if (is_there == in_place_.has_value()) return;
    in_place_ = Result<void>();
    if (!is_there) {
      in_place_ = fail(Code::kStorage,
                       path_ +
                           ": the database was deleted, moved or replaced while ai_bot runs: put "
                           "its files back, or restart ai_bot; until then no message is taken in",
                       path_ +
                           "：数据库在 ai_bot 运行时被删除、移动或替换：请放回原文件，或重启 "
                           "ai_bot；在此之前不接收新消息");
    }
  }
  if (is_there) {
    log::info("database.in_place", "the database's files are back", {{"file.path", path_}});
  } else {
    log::error("database.gone", "the database was deleted, moved or replaced under ai_bot",
               {{"file.path", path_}});
  }
}

}  // namespace ai_bot
