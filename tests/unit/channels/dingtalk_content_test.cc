// What DingTalk's messages become: words, files, quotations, or one honest sentence.
#include "channels/dingtalk.h"
#include "support/content_rows.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr int64_t kNow = 1767225600000;

const DingTalkChannel& channel() {
  static const DingTalkChannel channel{[] {
                                         ChannelConfig config;
                                         config.name = config.type = "dingtalk";
                                         return config;
                                       }(),
                                       {}};
  return channel;
}

TEST(DingTalkContent, IsReadAsItsRowsSay) {
  test::expect_rows("unit/channels/dingtalk_content.json",
                    [](const json& message) { return channel().read(message, kNow); });
}

// A record within a record within …, as deep as JSON in JSON goes, takes no stack and little time.
TEST(DingTalkContent, ADeepRecordEnds) {
  json record = {{"chatRecord", "[]"}};
  for (int depth = 0; depth < 12; ++depth) {
    record = {
        {"chatRecord",
         json::array({{{"senderNick", "A"}, {"msgType", "chatRecord"}, {"content", record.dump()}}})
             .dump()}};
  }
  const json message = {{"msgId", "m"},     {"conversationId", "c"},   {"conversationType", "1"},
                        {"senderId", "$a"}, {"msgtype", "chatRecord"}, {"content", record}};
  const Reading reading = channel().read(message, kNow);
  ASSERT_TRUE(reading.event);
  EXPECT_NE(reading.event->fixed_answer, "");
}

}  // namespace
}  // namespace ai_bot
