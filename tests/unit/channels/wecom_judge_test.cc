// What WeCom's answers mean, and what is said of an answer that one message cannot hold.
#include "channels/wecom.h"
#include "support/judge_rows.h"

namespace ai_bot {
namespace {

WeComChannel ai_bot() {
  ChannelConfig config;
  config.name = config.type = "wecom";
  return {config, {}};
}

TEST(WeComJudge, KnowsItsCodes) { test::expect_judged("unit/channels/wecom_judge.json", ai_bot()); }

// A response_url takes one message.
TEST(WeComJudge, AnAnswerThatIsTooLongSaysThatItWasCut) {
  std::string answer;
  for (int i = 0; i < 1000; ++i) answer += "第" + std::to_string(i) + "段：合同五月底到期。\n\n";
  const auto messages = ai_bot().compose(answer);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_LE(messages[0].size(), WeComChannel::kLongestBotText);
  EXPECT_NE(messages[0].find("已截断"), std::string::npos);
  EXPECT_NE(messages[0].find("(cut"), std::string::npos);
}

TEST(WeComJudge, ABusyTokenServiceIsAskedAgain) {
  const auto code_of = [](const char* body) {
    return ai_bot().read_token({200, {}, body}).error().code;
  };
  EXPECT_EQ(code_of(R"({"errcode":40001,"errmsg":"x"})"), Code::kUnauthorized);
  EXPECT_EQ(code_of(R"({"errcode":40013,"errmsg":"x"})"), Code::kUnauthorized);
  EXPECT_EQ(code_of(R"({"errcode":-1,"errmsg":"x"})"), Code::kUnavailable);
  EXPECT_EQ(code_of(R"({"errcode":45009,"errmsg":"x"})"), Code::kUnavailable);
}

}  // namespace
}  // namespace ai_bot
