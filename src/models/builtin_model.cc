#include "models/builtin_model.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>

#include "core/disk.h"

extern "C" {
extern const char ai_bot_builtin_model[];
extern const char ai_bot_builtin_model_end[];
}

namespace ai_bot {
namespace {

// Gives the memory back that reading the bytes took; they can still be read.
void release() {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(ai_bot_builtin_model);
  const auto end = reinterpret_cast<uintptr_t>(ai_bot_builtin_model_end) / page * page;
  const size_t to_page = (page - begin % page) % page;
  if (begin + to_page >= end) return;
  madvise(const_cast<char*>(ai_bot_builtin_model) + to_page, end - begin - to_page, MADV_DONTNEED);
}

}  // namespace

std::string_view builtin_model_bytes() {
  return {ai_bot_builtin_model,
          static_cast<size_t>(ai_bot_builtin_model_end - ai_bot_builtin_model)};
}

Result<std::string> builtin_model(const DataFolder& folder) {
  const std::string_view model = builtin_model_bytes();
  const std::string file = folder.models() + "/" + kBuiltinModelName;
  std::error_code error;
  // Not compared byte by byte: that would make all of it resident.
  if (std::filesystem::file_size(file, error) == model.size() && !error) return file;
  const auto written = write_whole_file(file, model);
  release();
  if (!written) return fail(written.error());
  return file;
}

}  // namespace ai_bot
