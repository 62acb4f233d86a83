#include "core/process_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temp_folder.h"

namespace ai_bot {
namespace {

TEST(ProcessLock, ASecondProcessIsToldWhoHoldsItAndWhatToDo) {
  test::TempFolder temp;
  const std::string file = temp / "lock";
  EXPECT_EQ(ProcessLock::holder(file), 0);
  {
    const auto lock = ProcessLock::take(file, "/data", "data_dir");
    ASSERT_TRUE(lock);
    const auto second = ProcessLock::take(file, "/data", "data_dir");
    ASSERT_FALSE(second);
    const std::string pid = std::to_string(getpid());
    EXPECT_EQ(second.error().code, Code::kConflict);
    EXPECT_EQ(second.error().text.en, "another ai_bot (process " + pid +
                                          ") uses /data already: stop it, or choose another "
                                          "data_dir");
    EXPECT_EQ(second.error().text.zh,
              "另一个 ai_bot（进程 " + pid + "）正在使用 /data：请先停止它，或更换 data_dir");
    EXPECT_EQ(ProcessLock::holder(file), getpid());
  }
  EXPECT_EQ(ProcessLock::holder(file), 0);
  EXPECT_TRUE(ProcessLock::take(file, "/data", "data_dir"));
}

TEST(ProcessLock, SaysWhereItsFileCannotBe) {
  test::TempFolder temp;
  const auto lock = ProcessLock::take(temp / "none/lock", "/data", "data_dir");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().text.en,
            (temp / "none/lock") +
                " can't be written: No such file or directory; check the rights of its folder, or "
                "choose another data_dir");
}

}  // namespace
}  // namespace ai_bot
