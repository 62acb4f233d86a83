// What DingTalk's answers mean, and the ways a message takes after them.
#include "channels/dingtalk.h"
#include "support/judge_rows.h"

namespace ai_bot {
namespace {

using nlohmann::json;

const DingTalkChannel& channel() {
  static const DingTalkChannel channel{[] {
                                         ChannelConfig config;
                                         config.name = config.type = "dingtalk";
                                         config.client_id = "ding1";
                                         return config;
                                       }(),
                                       {}};
  return channel;
}

Reply reply_to(const json& address) {
  Reply reply;
  reply.address = address.dump();
  reply.text = "**hi**";
  return reply;
}

const json kGroup = {{"conversation", "cid1=="},
                     {"user", "anna"},
                     {"nick", "安娜"},
                     {"direct", false},
                     {"until", 1000000},
                     {"webhook", "https://oapi.dingtalk.com/robot/sendBySession?session=S"}};

TEST(DingTalkJudge, KnowsItsCodes) {
  test::expect_judged("unit/channels/dingtalk_judge.json", channel());
}

TEST(DingTalkJudge, AnOverSessionMakesItTheRobotsMessage) {
  Reply reply = reply_to(kGroup);
  EXPECT_TRUE(channel().render(reply, "t", 0).url.starts_with("https://oapi.dingtalk.com/"));
  reply.way = channel().judge({200, {}, R"({"errcode":300001})"}).way;
  const HttpRequest request = channel().render(reply, "t", 0);
  EXPECT_EQ(request.url, "https://api.dingtalk.com/v1.0/robot/groupMessages/send");
  EXPECT_EQ(json::parse(request.body)["openConversationId"], "cid1==");
}

TEST(DingTalkJudge, AFailedCardBecomesAMessageThatMentionsTheAsker) {
  Reply reply = reply_to(kGroup);
  reply.way.afresh = true;
  EXPECT_TRUE(channel().render(reply, "t", 0).url.starts_with("https://oapi.dingtalk.com/"));
}

TEST(DingTalkJudge, WhatMarkdownCannotBecomesPlainText) {
  Reply reply = reply_to(kGroup);
  reply.way.plain = true;
  const json by_session = json::parse(channel().render(reply, "t", 0).body);
  EXPECT_EQ(by_session["msgtype"], "text");
  EXPECT_EQ(by_session["text"]["content"], "@anna \n\n**hi**");
  reply.way.outside_thread = true;
  const json by_robot = json::parse(channel().render(reply, "t", 0).body);
  EXPECT_EQ(by_robot["msgKey"], "sampleText");
  EXPECT_EQ(json::parse(by_robot["msgParam"].get<std::string>()), (json{{"content", "**hi**"}}));
}

TEST(DingTalkJudge, SomebodyFromOutsideIsNamedAndNotMentioned) {
  json address = kGroup;
  address["user"] = "$:LWCP_v1:$lina";
  for (const auto& [nick, head] :
       {std::pair("李娜", "@李娜 \n\n"), std::pair("[a](http://x)", "@ahttp://x \n\n"),
        std::pair("", "")}) {
    address["nick"] = nick;
    const json body = json::parse(channel().render(reply_to(address), "t", 0).body);
    EXPECT_FALSE(body.contains("at"));
    EXPECT_EQ(body["markdown"]["text"], std::string(head) + "**hi**");
  }
  address["nick"] = "all";
  const json body = json::parse(channel().render(reply_to(address), "t", 0).body);
  EXPECT_FALSE(body["markdown"]["text"].get<std::string>().starts_with("@all")) << body;
}

TEST(DingTalkJudge, ACardThatCannotBecomeTheAnswerIsRecalled) {
  const Delivery made = channel().judge(
      {200,
       {},
       R"({"success":true,"result":{"outTrackId":"track","deliverResults":[{"success":true,"carrierId":"carrier=="}]}})"});
  Reply reply = reply_to(kGroup);
  reply.draft = made.message_id;
  EXPECT_EQ(json::parse(channel().render(reply, "t", 0).body)["outTrackId"], "track");
  const auto recall = channel().retract(reply, "t");
  ASSERT_TRUE(recall);
  EXPECT_EQ(recall->url, "https://api.dingtalk.com/v1.0/robot/groupMessages/recall");
  EXPECT_EQ(json::parse(recall->body), (json{{"robotCode", "ding1"},
                                             {"openConversationId", "cid1=="},
                                             {"processQueryKeys", {"carrier=="}}}));
  reply.address = json{{"user", "anna"}, {"direct", true}}.dump();
  EXPECT_EQ(channel().retract(reply, "t")->url,
            "https://api.dingtalk.com/v1.0/robot/otoMessages/batchRecall");
  reply.draft = "track";
  EXPECT_FALSE(channel().retract(reply, "t"));
}

TEST(DingTalkJudge, AnIdTellsAGroupFromAPerson) {
  const auto url_for = [](const std::string& id) {
    Reply reply;
    reply.address = channel().address_for(id);
    reply.text = "hi";
    return channel().render(reply, "t", 0).url;
  };
  EXPECT_TRUE(url_for("cid6EXAMPLE==").ends_with("/groupMessages/send"));
  EXPECT_TRUE(url_for("manager1234").ends_with("/oToMessages/batchSend"));
}

TEST(DingTalkJudge, AnAddressWithoutATimeIsTried) {
  json address = kGroup;
  address["until"] = 0;
  EXPECT_TRUE(
      channel().render(reply_to(address), "t", 0).url.starts_with("https://oapi.dingtalk.com/"));
  address["until"] = 1000;
  EXPECT_TRUE(
      channel().render(reply_to(address), "t", 2000).url.starts_with("https://api.dingtalk.com/"));
}

TEST(DingTalkJudge, ATokenThatIsThrottledIsAskedForAgain) {
  const auto code_of = [](int status, const char* body) {
    return channel().read_token({status, {}, body}).error().code;
  };
  EXPECT_EQ(code_of(400, R"({"code":"invalidClientIdOrSecret","message":"x"})"),
            Code::kUnauthorized);
  EXPECT_EQ(code_of(403, R"({"code":"Forbidden.AccessDenied.QpsLimitForApi","message":"x"})"),
            Code::kUnavailable);
  EXPECT_EQ(code_of(429, R"({"code":"Throttling","message":"x"})"), Code::kUnavailable);
}

}  // namespace
}  // namespace ai_bot
