#include "net/http_date.h"

#include <curl/curl.h>

namespace ai_bot {

std::optional<milliseconds> ahead_of_date(const HttpReply& reply, int64_t now_ms) {
  const std::string date = reply.header("date");
  const time_t seconds = date.empty() ? -1 : curl_getdate(date.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return milliseconds(now_ms - static_cast<int64_t>(seconds) * 1000);
}

}  // namespace ai_bot
