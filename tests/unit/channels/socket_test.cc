// The platforms' long connections as protocols, without any socket.
#include "channels/socket.h"

#include <gtest/gtest.h>

#include "channels/channel.h"
#include "channels/discord_socket.h"
#include "channels/feishu_socket.h"
#include "channels/platform.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr int64_t kNow = 1767225600000, kHour = 3600 * 1000;

std::unique_ptr<Channel> channel(const std::string& type) {
  ChannelConfig config;
  config.name = "it";
  config.type = type;
  config.mode = "connect";
  config.application_id = "99";
  config.bot_token = Secret("42:token");
  return make_channel(config, {});
}

HttpReply reply_of(const json& body, int status = 200) {
  HttpReply reply;
  reply.status = status;
  reply.body = body.dump();
  return reply;
}

json gateway(int64_t remaining = 1000) {
  return {{"url", "wss://gateway.discord.gg"},
          {"session_start_limit", {{"remaining", remaining}, {"reset_after", 7 * kHour}}}};
}

json dispatch(int64_t sequence, const std::string& type, const json& data) {
  return {{"op", 0}, {"s", sequence}, {"t", type}, {"d", data}};
}

json message(int64_t number) {
  return {{"id", std::to_string(number)},
          {"channel_id", "c"},
          {"type", 0},
          {"author", {{"id", "u"}}},
          {"content", "hi"}};
}

class Discord : public testing::Test {
 protected:
  SocketStep on(const json& frame) { return socket_->on_frame(frame.dump(), nullptr, now_); }
  // What a new connection sends first.
  json begin() {
    socket_->on_open();
    return json::parse(on({{"op", 10}, {"d", {{"heartbeat_interval", 41250}}}}).send.at(0));
  }
  void ready() {
    on(dispatch(1, "READY",
                {{"session_id", "s1"}, {"resume_gateway_url", "wss://gateway-us-1.discord.gg"}}));
  }

  int64_t now_ = kNow;
  std::unique_ptr<Channel> channel_ = channel("discord");
  std::unique_ptr<SocketProtocol> socket_ = channel_->socket();
};

TEST_F(Discord, ResumesBeforeWhatWasNotCommitted) {
  EXPECT_EQ(begin()["op"], 2);
  ready();
  const SocketStep first = on(dispatch(2, "MESSAGE_CREATE", message(2)));
  const SocketStep second = on(dispatch(3, "MESSAGE_CREATE", message(3)));
  const SocketStep third = on(dispatch(4, "MESSAGE_CREATE", message(4)));
  EXPECT_EQ((std::vector<int64_t>{first.mark, second.mark, third.mark}),
            (std::vector<int64_t>{2, 3, 4}));
  EXPECT_EQ(on(dispatch(5, "TYPING_START", {})).mark, 0);
  socket_->committed(4);
  socket_->committed(2);
  json resume = begin();
  EXPECT_EQ(resume["op"], 6);
  EXPECT_EQ(resume["d"]["seq"], 2);
  EXPECT_EQ(socket_->read_address(reply_of(gateway()), now_).value(),
            "wss://gateway-us-1.discord.gg/?v=10&encoding=json");
  for (const int64_t mark : {3, 4}) {
    on(dispatch(mark, "MESSAGE_CREATE", message(mark)));
    socket_->committed(mark);
  }
  on(dispatch(5, "TYPING_START", {}));
  resume = begin();
  EXPECT_EQ(resume["d"]["seq"], 5);
}

TEST_F(Discord, AnswersInteractionsThatComeThroughTheGateway) {
  const auto told = [&](const json& fields) {
    json interaction = {{"id", "i/1"}, {"token", "t?"},         {"channel_id", "c"},
                        {"type", 2},   {"user", {{"id", "u"}}}, {"data", {{"name", "help"}}}};
    interaction.update(fields);
    return on(dispatch(2, "INTERACTION_CREATE", interaction));
  };
  const SocketStep command = told(json::object());
  ASSERT_TRUE(command.reading->event && command.request);
  EXPECT_EQ(command.reading->event->text, "/help");
  EXPECT_EQ(command.mark, 2);
  EXPECT_EQ(command.request->url, "https://discord.com/api/v10/interactions/i%2F1/t%3F/callback");
  EXPECT_EQ(command.request->method, "POST");
  EXPECT_EQ(json::parse(command.request->body), (json{{"type", 5}}));
  const SocketStep button = told({{"type", 3}});
  EXPECT_FALSE(button.reading->event);
  EXPECT_EQ(json::parse(button.request->body), (json{{"type", 6}}));
  EXPECT_FALSE(told({{"type", 77}}).request);
}

TEST_F(Discord, CodesOfACloseSayWhetherTheSessionLivesOrNobodyIsWanted) {
  for (const int code : {0, 1006, 1011, 4000, 4001, 4002, 4005, 4008}) {
    begin();
    ready();
    EXPECT_FALSE(socket_->on_close(code)) << code;
    EXPECT_EQ(begin()["op"], 6) << code;
  }
  for (const int code : {1000, 1001, 4003, 4007, 4009}) {
    begin();
    ready();
    EXPECT_FALSE(socket_->on_close(code)) << code;
    EXPECT_EQ(begin()["op"], 2) << code;
  }
  for (const int code : {4004, 4010, 4011, 4012, 4013, 4014}) {
    const auto why = socket_->on_close(code);
    ASSERT_TRUE(why) << code;
    EXPECT_NE(why->en.find(std::to_string(code)), std::string::npos);
    EXPECT_NE(why->zh.find(std::to_string(code)), std::string::npos);
  }
  EXPECT_NE(socket_->close_code(), 1000);
}

TEST_F(Discord, NeverUsesUpWhatItMayBegin) {
  EXPECT_TRUE(socket_->read_address(reply_of(gateway(11)), now_));
  const auto none = socket_->read_address(reply_of(gateway(10)), now_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kRateLimited);
  EXPECT_EQ(none.error().retry_after->count(), 7 * kHour);
  // A session that lives begins none.
  begin();
  ready();
  EXPECT_TRUE(socket_->read_address(reply_of(gateway(0)), now_));
}

TEST_F(Discord, BeginsAtMostSoManySessionsADay) {
  for (int64_t i = 0; i < DiscordSocket::kMostIdentifies; ++i) {
    ASSERT_TRUE(socket_->read_address(reply_of(gateway()), now_)) << i;
    EXPECT_EQ(begin()["op"], 2);
    now_ += 1000;
  }
  const auto refused = socket_->read_address(reply_of(gateway()), now_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry_after->count(), 24 * kHour - (now_ - kNow));
  now_ = kNow + 24 * kHour;
  EXPECT_TRUE(socket_->read_address(reply_of(gateway()), now_));
}

TEST_F(Discord, IsDeafWithoutAnAnswerToItsHeartbeat) {
  begin();
  EXPECT_EQ(socket_->heartbeat_every().count(), 41250);
  EXPECT_FALSE(socket_->is_deaf());
  socket_->heartbeat();
  EXPECT_TRUE(socket_->is_deaf());
  on({{"op", 11}});
  EXPECT_FALSE(socket_->is_deaf());
  EXPECT_EQ(on({{"op", 1}, {"d", nullptr}}).send.size(), 1u);  // asked for: no beat of its own
  EXPECT_FALSE(socket_->is_deaf());
  socket_->heartbeat();
  begin();
  EXPECT_FALSE(socket_->is_deaf());
}

TEST(Sockets, TellWrongCredentialsFromWhatPasses) {
  struct Row {
    const char* type;
    int status;
    json body;
    Code code;
  };
  const Row rows[] = {
      {"discord", 401, {{"message", "401: Unauthorized"}}, Code::kUnauthorized},
      {"discord", 403, "no JSON object: a page of the CDN", Code::kUnavailable},
      {"discord", 502, {{"message", "x"}}, Code::kUnavailable},
      {"slack", 200, {{"ok", false}, {"error", "invalid_auth"}}, Code::kUnauthorized},
      {"slack", 200, {{"ok", false}, {"error", "missing_scope"}}, Code::kUnauthorized},
      {"slack", 200, {{"ok", false}, {"error", "internal_error"}}, Code::kUnavailable},
      {"slack", 200, {{"ok", false}, {"error", "ratelimited"}}, Code::kUnavailable},
      {"slack", 200, "a captive portal", Code::kUnavailable},
      {"feishu", 200, {{"code", 514}, {"msg", "auth failed"}}, Code::kUnauthorized},
      {"feishu", 200, {{"code", 1}, {"msg", "system busy"}}, Code::kUnavailable},
      {"feishu", 200, {{"code", 1000040350}, {"msg", "too many"}}, Code::kUnavailable},
      {"dingtalk", 401, {{"code", "authFailed"}, {"message", "x"}}, Code::kUnauthorized},
      {"dingtalk", 503, {{"code", "ServiceUnavailable"}}, Code::kUnavailable},
      {"dingtalk", 200, "a captive portal", Code::kUnavailable}};
  for (const Row& row : rows) {
    const auto it = channel(row.type);
    const auto address = it->socket()->read_address(reply_of(row.body, row.status), kNow);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code, row.code) << row.type << " " << row.body;
  }
}

FeishuFrame part(const std::string& id, int seq, int sum, const std::string& payload) {
  FeishuFrame frame;
  frame.method = 1;
  frame.payload = payload;
  frame.headers = {{"type", "event"},
                   {"message_id", id},
                   {"sum", std::to_string(sum)},
                   {"seq", std::to_string(seq)}};
  return frame;
}

std::string feishu_event(const std::string& id) {
  return json{{"header", {{"event_type", "im.message.receive_v1"}}},
              {"event",
               {{"sender", {{"sender_type", "user"}, {"sender_id", {{"open_id", "ou"}}}}},
                {"message",
                 {{"message_id", id},
                  {"create_time", "1"},
                  {"chat_id", "oc"},
                  {"chat_type", "p2p"},
                  {"message_type", "text"},
                  {"content", R"({"text":"hi"})"}}}}}}
      .dump();
}

TEST(Sockets, FeishusWaitsAreThoseOfItsServer) {
  const auto feishu = channel("feishu");
  const auto socket = feishu->socket();
  EXPECT_EQ(socket->reconnect().spread.count(), 0);
  const json config = {{"PingInterval", 90},
                       {"ReconnectCount", 2},
                       {"ReconnectInterval", 120},
                       {"ReconnectNonce", 30}};
  const json answer = {
      {"code", 0},
      {"data", {{"URL", "wss://msg-frontier.feishu.cn/ws/v2"}, {"ClientConfig", config}}}};
  ASSERT_TRUE(socket->read_address(reply_of(answer), kNow));
  EXPECT_EQ(socket->heartbeat_every().count(), 90000);
  EXPECT_EQ(socket->reconnect().spread.count(), 30000);
  EXPECT_EQ(socket->reconnect().between.count(), 120000);
  FeishuFrame pong;
  pong.headers = {{"type", "pong"}};
  pong.payload = R"({"PingInterval": 60, "ReconnectInterval": 999999999999, "ReconnectNonce": -5})";
  socket->on_frame(write_feishu_frame(pong), nullptr, kNow);
  EXPECT_EQ(socket->heartbeat_every().count(), 60000);
  EXPECT_EQ(socket->reconnect().between.count(), 3600000);
  EXPECT_EQ(socket->reconnect().spread.count(), 30000);
  pong.payload = "[no object]";
  socket->on_frame(write_feishu_frame(pong), nullptr, kNow);
  EXPECT_EQ(socket->heartbeat_every().count(), 60000);
}

TEST(Sockets, FeishusPartsOfTwoEventsMayComeMixed) {
  const auto feishu = channel("feishu");
  const auto socket = feishu->socket();
  const std::string a = feishu_event("a"), b = feishu_event("b");
  const auto on = [&](const FeishuFrame& frame) {
    return socket->on_frame(write_feishu_frame(frame), nullptr, kNow);
  };
  EXPECT_FALSE(on(part("m3", 0, 2, a.substr(0, 40))).reading);
  EXPECT_FALSE(on(part("m4", 0, 2, b.substr(0, 50))).reading);
  const SocketStep first = on(part("m3", 1, 2, a.substr(40)));
  const SocketStep second = on(part("m4", 1, 2, b.substr(50)));
  ASSERT_TRUE(first.reading && first.reading->event);
  ASSERT_TRUE(second.reading && second.reading->event);
  EXPECT_EQ(first.reading->event->event_id, "a");
  EXPECT_EQ(second.reading->event->event_id, "b");
  // What never becomes whole is bounded in number and in bytes.
  for (int i = 0; i < 1000; ++i) on(part(std::to_string(i), 0, 2, std::string(1000, 'x')));
  for (int i = 0; i < 40; ++i)
    EXPECT_FALSE(on(part("large", i, 64, std::string(100000, 'x'))).reading);
  EXPECT_TRUE(on(part("alone", 0, 1, a)).reading);
}

TEST(Sockets, WhatCantBeReadIsCountedAndNotSilentlyAcknowledged) {
  for (const char* type : {"slack", "discord", "dingtalk", "feishu"}) {
    const auto it = channel(type);
    for (const std::string& frame : {std::string("no JSON"), std::string("\xff\xff\xff")}) {
      const SocketStep step = it->socket()->on_frame(frame, nullptr, kNow);
      ASSERT_TRUE(step.reading) << type;
      EXPECT_EQ(step.reading->outcome, "unreadable") << type;
      EXPECT_EQ(step.acknowledgement, "") << type;
    }
  }
  const SocketStep step =
      channel("dingtalk")
          ->socket()
          ->on_frame(
              R"({"type":"CALLBACK","headers":{"topic":"/v1.0/im/bot/messages/get","messageId":"m"},"data":"{"})",
              nullptr, kNow);
  EXPECT_EQ(step.reading->outcome, "unreadable");
}

TEST(Polling, OneUpdateNeverKeepsTheOthersAway) {
  const auto telegram = channel("telegram");
  const json chat = {{"id", 7}, {"type", "private"}};
  const json good = {
      {"update_id", 9},
      {"message", {{"message_id", 1}, {"chat", chat}, {"from", {{"id", 7}}}, {"text", "x"}}}};
  const json odd[] = {
      nullptr,
      7,
      "x",
      json::array(),
      json::object(),
      {{"update_id", 8}, {"message", 7}},
      {{"update_id", 8}, {"message", {{"chat", 7}, {"from", "x"}, {"entities", {7}}}}},
      {{"update_id", 8}, {"message", {{"chat", chat}, {"from", {{"id", 7}}}, {"text", 7}}}}};
  for (const json& update : odd) {
    const Identity self{"42", "bot"};
    const auto polled =
        telegram->read_poll(reply_of({{"ok", true}, {"result", {update, good}}}), &self, kNow);
    ASSERT_TRUE(polled) << update;
    EXPECT_EQ(polled->cursor, "10") << update;
    ASSERT_FALSE(polled->readings.empty());
    EXPECT_TRUE(polled->readings.back().event) << update;
  }
}

TEST(Polling, WhatCanSoonBeReadIsNotLost) {
  const auto telegram = channel("telegram");
  const json group = {{"update_id", 9},
                      {"message",
                       {{"message_id", 1},
                        {"chat", {{"id", -7}, {"type", "group"}}},
                        {"from", {{"id", 7}}},
                        {"text", "@bot hi"},
                        {"entities", {{{"type", "mention"}, {"offset", 0}, {"length", 4}}}}}}};
  const HttpReply reply = reply_of({{"ok", true}, {"result", {group}}});
  const auto early = telegram->read_poll(reply, nullptr, kNow);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, Code::kUnavailable);
  const Identity self{"42", "bot"};
  EXPECT_TRUE(telegram->read_poll(reply, &self, kNow)->readings.at(0).event);
}

TEST(Polling, AWrongTokenIsToldFromWhatPasses) {
  const auto telegram = channel("telegram");
  const auto code_of = [&](const HttpReply& reply) {
    const auto polled = telegram->read_poll(reply, nullptr, kNow);
    return polled ? Code::kInternal : polled.error().code;
  };
  const auto code = [&](int status) {
    return code_of(reply_of({{"ok", false}, {"error_code", status}, {"description", "x"}}, status));
  };
  EXPECT_EQ(code(401), Code::kUnauthorized);
  EXPECT_EQ(code(404), Code::kUnauthorized);
  EXPECT_EQ(code(409), Code::kUnavailable);
  EXPECT_EQ(code(429), Code::kUnavailable);
  EXPECT_EQ(code(502), Code::kUnavailable);
  // Of a captive portal or a proxy, not of Telegram.
  for (const int status : {401, 404}) {
    for (const char* body : {"<html>Log in</html>", "", "null", "[]", "{}", "{\"ok\":false}",
                             "{\"error\":\"not found\"}", "{\"message\":\"no Route matched\"}"}) {
      HttpReply foreign = reply_of({}, status);
      foreign.body = body;
      EXPECT_EQ(code_of(foreign), Code::kUnavailable) << status << " " << body;
    }
  }
}

}  // namespace
}  // namespace ai_bot
