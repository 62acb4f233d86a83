// The SSE reader: what it reports does not depend on how the bytes are cut into pieces.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "net/sse_reader.h"

namespace {

std::vector<std::string> read(std::string_view bytes, size_t piece) {
  std::vector<std::string> events;
  ai_bot::SseReader reader([&](std::string_view data) { events.emplace_back(data); });
  for (size_t at = 0; at < bytes.size(); at += piece) {
    if (!reader.feed(bytes.substr(at, piece))) break;
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (read(bytes, bytes.size() + 1) != read(bytes, 1 + data[0] % 7)) std::abort();
  return 0;
}
