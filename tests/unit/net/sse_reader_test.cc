#include "net/sse_reader.h"

#include <gtest/gtest.h>

#include "support/test_data.h"

namespace ai_bot {
namespace {

std::vector<std::string> read_in_pieces(std::string_view bytes, size_t piece) {
  std::vector<std::string> events;
  SseReader reader([&](std::string_view data) { events.emplace_back(data); });
  for (size_t at = 0; at < bytes.size(); at += piece)
    EXPECT_TRUE(reader.feed(bytes.substr(at, piece)));
  return events;
}

TEST(SseReader, ReadsEveryCaseInPiecesOfAnySize) {
  for (const auto& one : test::read_json("unit/net/sse_cases.json")) {
    const auto bytes = one["bytes"].get<std::string>();
    for (size_t piece = 1; piece <= bytes.size(); ++piece) {
      EXPECT_EQ(read_in_pieces(bytes, piece), one["events"].get<std::vector<std::string>>())
          << one["name"] << " in pieces of " << piece;
    }
  }
}

TEST(SseReader, GivesUpOnAnEndlessEvent) {
  int events = 0;
  SseReader reader([&](std::string_view) { ++events; });
  const std::string piece(64 << 10, 'a');
  bool good = reader.feed("data: ");
  for (int i = 0; i < 100 && good; ++i) good = reader.feed(piece);
  EXPECT_FALSE(good);
  EXPECT_FALSE(reader.feed("\n\ndata: a\n\n"));
  EXPECT_EQ(events, 0);
}

TEST(SseReader, GivesUpOnEndlessDataLines) {
  SseReader reader([](std::string_view) {});
  const std::string line = "data: " + std::string(1000, 'a') + "\n";
  bool good = true;
  for (int i = 0; i < 2000 && good; ++i) good = reader.feed(line);
  EXPECT_FALSE(good);
}

}  // namespace
}  // namespace ai_bot
