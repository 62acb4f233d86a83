// What a connection sends: where its requests end, and what is refused and why, does not depend on
// how the bytes were cut into pieces; nothing is taken beyond the limits.
//
// The first 8 bytes of an input say how long the pieces are, in turn.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "net/http_framing.h"

namespace {

using ai_bot::HttpFraming;
using State = HttpFraming::State;

constexpr ai_bot::HttpLimits kLimits{200, 100};
constexpr size_t kCuts = 8;
constexpr unsigned kLongestPiece = 32;

// One request of the connection, or what there is of it.
struct Verdict {
  State state;
  size_t end;  // in the bytes of the connection; of a refused one where nothing is read any more
  size_t body_bytes;
  bool kept;
  int status;
  std::string why;

  bool operator==(const Verdict&) const = default;
};

Verdict verdict_of(const HttpFraming& framing, size_t end) {
  if (framing.state() == State::kRefused)
    return {framing.state(), 0, 0, false, framing.refusal().status, framing.refusal().en};
  const bool complete = framing.state() == State::kComplete;
  return {framing.state(), end, framing.body_bytes(), complete && framing.keeps_alive(), 0, ""};
}

template <class NextPiece>
std::vector<Verdict> read(std::string_view bytes, NextPiece next_piece) {
  std::vector<Verdict> verdicts;
  HttpFraming framing(kLimits);
  size_t at = 0, begin = 0;
  while (at < bytes.size()) {
    for (std::string_view piece = bytes.substr(at, next_piece()); !piece.empty();) {
      const size_t taken = framing.feed(piece);
      const State state = framing.state();
      if (taken > piece.size() || (state < State::kComplete && taken != piece.size())) std::abort();
      at += taken;
      piece.remove_prefix(taken);
      if (state == State::kHeader && at - begin > kLimits.max_header) std::abort();
      if (state == State::kRefused) {
        verdicts.push_back(verdict_of(framing, at));
        return verdicts;
      }
      if (framing.body_bytes() > kLimits.max_body) std::abort();
      if (state != State::kComplete) continue;
      verdicts.push_back(verdict_of(framing, at));
      framing.next();
      begin = at;
    }
  }
  verdicts.push_back(verdict_of(framing, at));
  return verdicts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < kCuts) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + kCuts, size - kCuts);
  size_t count = 0;
  const auto cut = [&] { return size_t{1} + data[count++ % kCuts] % kLongestPiece; };
  const auto whole = read(bytes, [&] { return bytes.size(); });
  if (read(bytes, cut) != whole) std::abort();
  return 0;
}
