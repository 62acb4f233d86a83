// Addresses: what is accepted is read the same again when it is written anew, and names one host.
#include <cstdint>
#include <cstdlib>

#include "net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto url = ai_bot::parse_url({reinterpret_cast<const char*>(data), size});
  if (!url) return 0;
  const auto again = ai_bot::parse_url(url->text());
  if (!again || again->origin() != url->origin() || again->target() != url->target()) std::abort();
  for (const char c : url->host)
    if (c <= ' ' || c == '@' || c == '/' || c == '\\' || c == '%' || c == '?' || c == '#')
      std::abort();
  return 0;
}
