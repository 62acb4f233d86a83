#include "core/result.h"

namespace ai_bot {

const char* name_of(Code code) {
  switch (code) {
    case Code::kInvalid:
      return "invalid";
    case Code::kUnauthorized:
      return "unauthorized";
    case Code::kForbidden:
      return "forbidden";
    case Code::kNotFound:
      return "not_found";
    case Code::kTooLarge:
      return "too_large";
    case Code::kUnsupportedMedia:
      return "unsupported_media";
    case Code::kConflict:
      return "conflict";
    case Code::kRateLimited:
      return "rate_limited";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kTimeout:
      return "timeout";
    case Code::kCancelled:
      return "cancelled";
    case Code::kStorageFull:
      return "storage_full";
    case Code::kStorage:
      return "storage";
    case Code::kStorageDamaged:
      return "storage_damaged";
    case Code::kContextOverflow:
      return "context_overflow";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace ai_bot
