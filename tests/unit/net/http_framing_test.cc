#include "net/http_framing.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ai_bot {
namespace {

using State = HttpFraming::State;
constexpr HttpLimits kSmall{200, 100};

// What became of the bytes when they came in pieces of this size.
struct Outcome {
  State state;
  size_t taken = 0;
  int status = 0;
  bool kept = true;
};

Outcome read(std::string_view bytes, size_t piece, const HttpLimits& limits = kSmall) {
  HttpFraming framing(limits);
  size_t taken = 0;
  while (taken < bytes.size() && framing.state() < State::kComplete)
    taken += framing.feed(bytes.substr(taken, piece));
  const bool refused = framing.state() == State::kRefused;
  return {framing.state(), taken, refused ? framing.refusal().status : 0, framing.keeps_alive()};
}

TEST(HttpFraming, ReadsEveryCaseInPiecesOfAnySize) {
  for (const auto& one : test::read_json("unit/net/http_framing_cases.json")) {
    const auto bytes = one["bytes"].get<std::string>();
    for (size_t piece = 1; piece <= bytes.size(); ++piece) {
      const Outcome outcome = read(bytes, piece);
      const std::string where =
          one["name"].get<std::string>() + " in pieces of " + std::to_string(piece);
      if (one.contains("status")) {
        EXPECT_EQ(outcome.state, State::kRefused) << where;
        EXPECT_EQ(outcome.status, one["status"].get<int>()) << where;
        continue;
      }
      EXPECT_EQ(outcome.state == State::kComplete, one["ends"].get<bool>()) << where;
      EXPECT_EQ(outcome.taken, bytes.size()) << where;
      EXPECT_EQ(outcome.kept, one.value("kept", true)) << where;
    }
  }
}

TEST(HttpFraming, LeavesTheNextRequestAlone) {
  const std::string first = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
  const std::string second = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
  HttpFraming framing(kSmall);
  EXPECT_EQ(framing.feed(first + second), first.size());
  EXPECT_EQ(framing.state(), State::kComplete);
  EXPECT_EQ(framing.feed(second), 0u);
  framing.next();
  EXPECT_EQ(framing.feed(second), second.size());
  EXPECT_EQ(framing.state(), State::kComplete);
}

TEST(HttpFraming, RefusesAnEndlessHeaderWithinItsLimit) {
  for (const std::string& endless : {std::string(1000, 'a'), "GET /" + std::string(1000, 'a'),
                                     "GET / HTTP/1.1\r\nX: " + std::string(1000, 'a')}) {
    const Outcome outcome = read(endless, endless.size(), {200, 100});
    EXPECT_EQ(outcome.state, State::kRefused) << endless;
    EXPECT_LE(outcome.taken, 201u) << endless;
  }
  std::string lines = "GET / HTTP/1.1\r\nHost: a\r\n";
  while (lines.size() < 1000) lines += "X: a\r\n";
  EXPECT_EQ(read(lines, 7).status, 431);
}

TEST(HttpFraming, RefusesEndlessChunksWithinTheirLimit) {
  std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 50; ++i) bytes += "a\r\n0123456789\r\n";
  EXPECT_EQ(read(bytes, bytes.size()).status, 413);
  EXPECT_EQ(read(bytes, 3).status, 413);
}

TEST(HttpFraming, TakesAHeaderOfExactlyTheLimit) {
  std::string header = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  header += std::string(200 - header.size() - 4, 'a') + "\r\n\r\n";
  EXPECT_EQ(read(header, header.size()).state, State::kComplete);
  EXPECT_EQ(read("G" + header.substr(0), header.size() + 1).state, State::kRefused);
}

}  // namespace
}  // namespace ai_bot
