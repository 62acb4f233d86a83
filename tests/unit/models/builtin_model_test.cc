#include "models/builtin_model.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace ai_bot {
namespace {

TEST(BuiltinModel, WritesTheBuiltInModelOutAndMendsADamagedOne) {
  test::TempFolder temp;
  const DataFolder folder(temp / "data");
  ASSERT_TRUE(folder.prepare());
  const auto file = builtin_model(folder);
  ASSERT_TRUE(file);
  EXPECT_EQ(test::read_file(*file), test::read_file(BUILTIN_MODEL));
  test::write_file(*file, "truncated");
  ASSERT_TRUE(builtin_model(folder));
  EXPECT_EQ(test::read_file(*file), builtin_model_bytes());
}

}  // namespace
}  // namespace ai_bot
