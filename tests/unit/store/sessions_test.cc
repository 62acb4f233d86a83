#include "store/sessions.h"

#include <gtest/gtest.h>

#include "support/database.h"

namespace ai_bot {
namespace {

class SessionsTest : public test::DatabaseTest {};

TEST_F(SessionsTest, RemembersTurnsInOrderAndEachConversationItsOwn) {
  sessions::append(db_, "hook/a", "q1", "a1");
  sessions::append(db_, "hook/b", "other", "secret");
  sessions::append(db_, "hook/a", "q2", "a2");
  EXPECT_EQ(
      sessions::load(db_, "hook/a", 100).messages,
      (ChatMessages{{"user", "q1"}, {"assistant", "a1"}, {"user", "q2"}, {"assistant", "a2"}}));
  EXPECT_EQ(sessions::load(db_, "hook/a", 2).messages,
            (ChatMessages{{"user", "q2"}, {"assistant", "a2"}}));
  EXPECT_TRUE(sessions::load(db_, "hook/c", 100).messages.empty());
}

TEST_F(SessionsTest, NewForgetsWhatWasBefore) {
  sessions::append(db_, "a", "q1", "a1");
  sessions::begin_anew(db_, "a");
  EXPECT_TRUE(sessions::load(db_, "a", 100).messages.empty());
  sessions::append(db_, "a", "q2", "a2");
  EXPECT_EQ(sessions::load(db_, "a", 100).messages.size(), 2u);
}

TEST_F(SessionsTest, RemembersTheChosenModelAcrossNew) {
  sessions::choose_model(db_, "a", "large");
  sessions::begin_anew(db_, "a");
  EXPECT_EQ(sessions::load(db_, "a", 100).model, "large");
  sessions::choose_model(db_, "a", "small");
  EXPECT_EQ(sessions::load(db_, "a", 100).model, "small");
  EXPECT_EQ(sessions::load(db_, "b", 100).model, "");
}

}  // namespace
}  // namespace ai_bot
