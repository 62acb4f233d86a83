// A model file's header: any bytes lead to a value or an error.
#include "models/gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto info =
      ai_bot::parse_gguf({reinterpret_cast<const char*>(data), size}, static_cast<int64_t>(size));
  if (info) (void)info->kv_bytes_per_token();
  return 0;
}
