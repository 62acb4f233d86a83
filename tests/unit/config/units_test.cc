#include "config/units.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

TEST(Durations, AreReadAndWritten) {
  const std::pair<const char*, int64_t> cases[] = {{"250ms", 250},    {"30s", 30000},
                                                   {"5m", 300000},    {"8h", 28800000},
                                                   {"3d", 259200000}, {"0s", 0}};
  for (const auto& [text, ms] : cases) {
    ASSERT_TRUE(parse_duration(text)) << text;
    EXPECT_EQ(parse_duration(text)->count(), ms);
    EXPECT_EQ(parse_duration(to_string(Duration(ms)))->count(), ms);
  }
  for (const char* wrong :
       {"", "5", "s", "-5s", "5 s", "5x", "99999999999999999999d", "1e3s", "5s5"})
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

TEST(Sizes, AreReadAndWritten) {
  const std::pair<const char*, int64_t> cases[] = {
      {"512", 512}, {"64KiB", 65536}, {"2MiB", 2 << 20}, {"1GiB", 1 << 30}, {"1MB", 1 << 20}};
  for (const auto& [text, bytes] : cases) {
    ASSERT_TRUE(parse_bytes(text)) << text;
    EXPECT_EQ(parse_bytes(text)->count, bytes);
    EXPECT_EQ(parse_bytes(to_string(Bytes{bytes}))->count, bytes);
  }
  for (const char* wrong : {"", "-1", "1.5MiB", "MiB", "1TiBx", "99999999999999999999"})
    EXPECT_FALSE(parse_bytes(wrong)) << wrong;
}

}  // namespace
}  // namespace ai_bot
