#include "core/id.h"

#include <gtest/gtest.h>

#include <set>

namespace ai_bot {
namespace {

TEST(Id, IsRandomHex) {
  EXPECT_EQ(random_hex(16).size(), 32u);
  EXPECT_EQ(random_hex(16).find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(random_hex(16), random_hex(16));
}

TEST(RequestId, KeepsAPlainOneAndReplacesTheRest) {
  EXPECT_EQ(request_id_or_new("abc-1.2_3"), "abc-1.2_3");
  for (const std::string& wrong : {std::string(), std::string(65, 'a'), std::string("a b"),
                                   std::string("a\nb"), std::string("你")}) {
    EXPECT_NE(request_id_or_new(wrong), wrong);
    EXPECT_EQ(request_id_or_new(wrong).size(), 24u);
  }
}

TEST(RequestId, IsMadeOnce) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(request_id_or_new(""));
  EXPECT_EQ(ids.size(), 1000u);
}

}  // namespace
}  // namespace ai_bot
