// Text files in any encoding: what is made of them is UTF-8, and what was UTF-8 stays as it is.
#include <cstdint>
#include <cstdlib>

#include "core/utf8.h"
#include "gateway/images.h"
#include "gateway/text_decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ai_bot::image_type_of(bytes);
  const auto text = ai_bot::decode_text(bytes);
  if (text && !ai_bot::is_valid_utf8(*text)) std::abort();
  const bool is_plain = ai_bot::is_valid_utf8(bytes) && bytes.find('\0') == bytes.npos &&
                        !bytes.starts_with("\xEF\xBB\xBF");
  if (is_plain && text != bytes) std::abort();
  return 0;
}
