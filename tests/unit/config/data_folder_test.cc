#include "config/data_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_folder.h"

namespace ai_bot {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

TEST(DataFolder, IsMadePrivate) {
  test::TempFolder temp;
  const DataFolder folder(temp / "a/b");
  ASSERT_TRUE(folder.prepare());
  EXPECT_EQ(mode_of(temp / "a/b"), 0700u);
  EXPECT_EQ(mode_of(folder.models()), 0700u);
  EXPECT_TRUE(folder.prepare());
}

TEST(DataFolder, MakesItsSecretOnce) {
  test::TempFolder temp;
  const DataFolder folder(temp / "data");
  ASSERT_TRUE(folder.prepare());
  const auto secret = folder.webhook_secret();
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->reveal().size(), 64u);
  EXPECT_EQ(*folder.webhook_secret(), *secret);
  EXPECT_EQ(mode_of(temp / "data/webhook.secret"), 0600u);
}

TEST(DataFolder, RefusesASecretThatIsNone) {
  test::TempFolder temp;
  const DataFolder folder(temp / "data");
  ASSERT_TRUE(folder.prepare());
  const std::string file = temp / "data/webhook.secret";
  const std::string good(64, 'a');
  const auto refused = [&](const char* what) {
    const auto secret = folder.webhook_secret();
    ASSERT_FALSE(secret) << what;
    for (const std::string& text : {secret.error().text.en, secret.error().text.zh})
      EXPECT_NE(text.find(file), std::string::npos) << text;
    EXPECT_NE(secret.error().text.en.find("remove"), std::string::npos) << secret.error().text.en;
    EXPECT_EQ(secret.error().text.en.find(good), std::string::npos);
    EXPECT_NE(secret.error().text.en, secret.error().text.zh);
  };
  ASSERT_TRUE(folder.webhook_secret());
  for (const char* short_one : {"", "\n", "abc", "123456789012345", "   123456789012345 \n"}) {
    test::write_file(file, short_one);
    refused(short_one);
  }
  for (const std::string& foreign :
       {std::string(32, '\0'), good + "\n" + good, good + "\x80",
        std::string(64, ' ') + '\x01' + good, std::string(5000, 'a')}) {
    test::write_file(file, foreign);
    refused(foreign.c_str());
  }
  ASSERT_EQ(unlink(file.c_str()), 0);
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  refused("a FIFO");
  ASSERT_EQ(unlink(file.c_str()), 0);
  test::write_file(file, good);
  ASSERT_EQ(chmod(file.c_str(), 0600), 0);
  EXPECT_EQ(folder.webhook_secret()->reveal(), good);
  for (const mode_t mode : {0604, 0640, 0620, 0602, 0666}) {
    ASSERT_EQ(chmod(file.c_str(), mode), 0);
    refused("rights");
  }
  ASSERT_EQ(chmod(file.c_str(), 0400), 0);
  EXPECT_TRUE(folder.webhook_secret());
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  refused("a folder");
  std::filesystem::remove(file);
  std::filesystem::create_symlink(temp / "nowhere", file);
  refused("a link to nowhere");
}

TEST(DataFolder, RemembersTheChosenModel) {
  test::TempFolder temp;
  const DataFolder folder(temp / "data");
  ASSERT_TRUE(folder.prepare());
  EXPECT_EQ(folder.active_model(), "");
  ASSERT_TRUE(folder.choose_model("/models/a b.gguf"));
  EXPECT_EQ(folder.active_model(), "/models/a b.gguf");
}

TEST(DataFolder, SaysWhatToDoWhenItCannotBeMade) {
  test::TempFolder temp;
  test::write_file(temp / "file", "");
  const auto made = DataFolder(temp / "file/data").prepare();
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().text.en.find("; choose another data_dir or mend its rights"),
            std::string::npos);
}

}  // namespace
}  // namespace ai_bot
