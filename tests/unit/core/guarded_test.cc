#include "core/guarded.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

namespace ai_bot {
namespace {

TEST(Guarded, TellsWhetherTheWorkWasDone) {
  bool done = false;
  EXPECT_TRUE(guarded("test", [&] { done = true; }));
  EXPECT_TRUE(done);
  EXPECT_FALSE(guarded("test", [] { throw std::runtime_error("x"); }));
  EXPECT_FALSE(guarded("test", [] { throw 7; }));
}

TEST(Guarded, ReturnsWhatTheWorkReturnsOrTheFallback) {
  EXPECT_EQ(guarded(
                "test", [] { return 1; }, 2),
            1);
  EXPECT_EQ(guarded(
                "test", []() -> int { throw std::bad_alloc(); }, 2),
            2);
  const auto text = guarded(
      "test", []() -> std::string { throw 7; }, "fallback");
  EXPECT_EQ(text, "fallback");
}

std::string name_of(const std::function<void()>& thrower) {
  try {
    thrower();
  } catch (...) {
    return name_of_exception();
  }
  return "(nothing)";
}

TEST(Guarded, NamesAnExceptionWithoutForeignBytes) {
  EXPECT_EQ(name_of([] { throw std::out_of_range("map::at"); }), "std::out_of_range: map::at");
  EXPECT_EQ(name_of([] { throw std::runtime_error("key sk-1234"); }), "std::runtime_error");
  EXPECT_EQ(name_of([] { throw 7; }), "int");
  const std::string json = name_of([] {
    const nlohmann::json value = nlohmann::json::parse("sk-1234");
    ADD_FAILURE() << value;
  });
  EXPECT_NE(json.find("parse_error"), std::string::npos);
  EXPECT_TRUE(json.ends_with(": number 101")) << json;
  EXPECT_EQ(json.find("sk-1234"), std::string::npos);
  const std::string file =
      name_of([] { ADD_FAILURE() << std::filesystem::file_size("/no/such/secret"); });
  EXPECT_TRUE(file.ends_with(": No such file or directory")) << file;
}

TEST(Guarded, SaysTheSameOnce) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) guarded("test.once", [] { throw std::runtime_error("x"); });
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("a mistake in ai_bot: std::runtime_error"), std::string::npos) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

}  // namespace
}  // namespace ai_bot
