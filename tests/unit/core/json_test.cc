#include "core/json.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

TEST(Json, MembersOfAnyKindAreReadWithoutThrowing) {
  const auto object = nlohmann::json::parse(
      R"({"t": "x", "n": 7, "f": true, "null": null, "list": [1], "half": 0.5})");
  EXPECT_EQ(text_or(object, "t"), "x");
  EXPECT_EQ(number_or(object, "n"), 7);
  EXPECT_TRUE(flag_or(object, "f"));
  for (const char* key : {"null", "list", "half", "missing"}) {
    EXPECT_EQ(text_or(object, key, "?"), "?");
    EXPECT_EQ(number_or(object, key, 3), 3);
    EXPECT_FALSE(flag_or(object, key));
  }
  EXPECT_EQ(text_or(nlohmann::json("not an object"), "t", "?"), "?");
}

}  // namespace
}  // namespace ai_bot
