#include "app/builtin_model.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

extern "C" {
extern const char ai_bot_builtin_model[];
extern const char ai_bot_builtin_model_end[];
}

namespace ai_bot {

std::string_view builtin_model_bytes() {
  return {ai_bot_builtin_model,
          static_cast<size_t>(ai_bot_builtin_model_end - ai_bot_builtin_model)};
}

void release_builtin_model() {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(ai_bot_builtin_model) + page - 1) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(ai_bot_builtin_model_end) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace ai_bot
