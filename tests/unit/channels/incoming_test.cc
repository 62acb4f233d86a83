#include "channels/incoming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ai_bot {
namespace {

class IncomingTest : public testing::Test {
 protected:
  IncomingTest() {
    config_.name = "chat";
    incoming_.event_id = "1";
    incoming_.chat = "c";
    incoming_.sender = "anna";
    incoming_.direct = true;
  }
  Reading decided() { return decide(config_, limits_, incoming_, 1000); }
  std::string text() {
    const Reading reading = decided();
    return reading.event ? reading.event->text : "ignored: " + reading.outcome;
  }

  ChannelConfig config_;
  ChannelLimits limits_;
  Incoming incoming_;
};

TEST_F(IncomingTest, WhatIsQuotedFollowsTheWordsAndIsMarked) {
  incoming_.text = "这句什么意思";
  incoming_.quotes = {{"Jo]\n> anna", "Der Vertrag\nendet."}, {"", "x"}};
  EXPECT_EQ(text(), "这句什么意思\n\n[引用 Jo) > anna]\n> Der Vertrag\n> endet.\n\n\n[引用]\n> x");
  incoming_.text = "translate";
  EXPECT_THAT(text(), testing::StartsWith("translate\n\n[quoted from Jo"));
  incoming_.text = "";  // a message that was only forwarded
  EXPECT_THAT(text(), testing::StartsWith("[quoted from Jo"));
}

TEST_F(IncomingTest, ACommandStandsAlone) {
  incoming_.text = "/new";
  incoming_.quotes = {{"Jo", "hi"}};
  EXPECT_EQ(text(), "/new");
}

TEST_F(IncomingTest, QuotationsHaveTheRoomTheWordsLeave) {
  limits_.max_message = 100;
  incoming_.text = std::string(60, 'a');
  incoming_.quotes = {{"Jo", std::string(1000, 'b')}, {"Li", "c"}};
  EXPECT_EQ(text().size(), 100u);
  EXPECT_THAT(text(), testing::HasSubstr("> bbbb"));
  EXPECT_THAT(text(), testing::Not(testing::HasSubstr("Li")));
  EXPECT_TRUE(decided().event->fixed_answer.empty()) << "the words were not too long";
}

TEST_F(IncomingTest, WhatCannotBeReadGetsASentenceWhereTheBotIsMeant) {
  incoming_.unreadable = {"a video message", "视频消息"};
  ASSERT_TRUE(decided().event);
  EXPECT_THAT(decided().event->fixed_answer, testing::AllOf(testing::HasSubstr("a video message"),
                                                            testing::HasSubstr("视频消息")));
  incoming_.direct = false;
  incoming_.addressed = true;
  EXPECT_TRUE(decided().event);
  incoming_.addressed = false;
  EXPECT_EQ(text(), "ignored: not_addressed");
  config_.answer.groups = "all";
  EXPECT_EQ(text(), "ignored: unknown") << "not one sentence for each sticker of a group";
  incoming_.direct = true;
  incoming_.text = "look";
  EXPECT_EQ(text(), "look") << "what can be read is answered";
}

TEST_F(IncomingTest, APartOfAnAlbumThatMeansNobodyOnlyJoins) {
  incoming_.direct = false;
  incoming_.attachments = {{"f1", "", "image", 9}};
  EXPECT_EQ(text(), "ignored: not_addressed");
  incoming_.album = "a1";
  ASSERT_TRUE(decided().event);
  EXPECT_TRUE(decided().event->only_joins);
  EXPECT_EQ(decided().event->album, "a1");
  incoming_.addressed = true;
  EXPECT_FALSE(decided().event->only_joins);
}

}  // namespace
}  // namespace ai_bot
