// A model file's header, and the look-up in it: any bytes lead to a value or an error.
#include "models/gguf.h"
#include "models/lookup.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto info =
      ai_bot::parse_gguf({reinterpret_cast<const char*>(data), size}, static_cast<int64_t>(size));
  if (!info) return 0;
  (void)info->kv_bytes_per_token();
  const auto lookup = ai_bot::Lookup::read(*info);
  if (lookup && *lookup) (void)(*lookup)->find("which port?");
  return 0;
}
