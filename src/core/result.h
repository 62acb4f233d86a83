// Expected failures as values. Exceptions are for programming errors and start-up only.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "core/language.h"

namespace ai_bot {

// What kind of failure, for the code that must decide what to do; people read Error::text.
enum class Code {
  kInvalid,           // what was sent is wrong; sending it again does not help
  kUnauthorized,      // a signature or key is missing or wrong
  kForbidden,         // known, and not allowed
  kNotFound,          // the named thing does not exist
  kTooLarge,          // over a configured limit
  kUnsupportedMedia,  // a body of another type than is read here
  kConflict,          // another one is there already (port, lock, file)
  kRateLimited,       // too much at once; again after retry_after
  kUnavailable,       // the other side is down or not ready; may work later
  kTimeout,           // no answer in the configured time
  kCancelled,         // the asker left or stopped it
  kStorageFull,       // no space left on the disk
  kStorage,           // the database or a file can't be read or written
  kStorageDamaged,    // what is in the database makes no sense, here or as a whole
  kContextOverflow,   // a prompt longer than the model's context
  kInternal,          // a mistake of ours
};

// The code's name in snake case, as logs and API errors carry it.
const char* name_of(Code code);

struct Error {
  Code code = Code::kInternal;
  Text text;  // what was wrong, where, and what would be right
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Code code, std::string en, std::string zh) {
  return tl::unexpected<Error>(Error{code, {std::move(en), std::move(zh)}});
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace ai_bot
