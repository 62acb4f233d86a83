// What a platform's answers to a delivery mean, and how a reply is sent by each way: rows of
// deliveries/*.json.
#include <gtest/gtest.h>

#include "channels/channel.h"
#include "channels/platform.h"
#include "core/json.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;
using Outcome = Delivery::Outcome;

constexpr int64_t kNow = 1767225600000;

std::unique_ptr<Channel> channel_of(const json& given) {
  ChannelConfig config;
  config.name = "it";
  config.type = given.at("type").get<std::string>();
  config.bot_token = Secret(given.value("bot_token", ""));
  config.application_id = given.value("application_id", "");
  return make_channel(config, {});
}

Way way_of(const json& way) {
  return {way.value("afresh", false), way.value("plain", false), way.value("outside_thread", false),
          way.value("chat", "")};
}

Reply reply_of(const Channel& channel, const json& given) {
  Reply reply;
  reply.idempotency_key = "key";
  reply.text = given.value("text", "");
  reply.part = given.value("part", 0);
  reply.draft = given.value("draft", "");
  reply.way = way_of(given.value("way", json::object()));
  reply.address = given.contains("to") ? channel.address_for(given["to"].get<std::string>())
                                       : given.at("address").dump();
  return reply;
}

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDelivered:
      return "delivered";
    case Outcome::kRetry:
      return "retry";
    case Outcome::kFinal:
      return "final";
    case Outcome::kTokenExpired:
      return "token_expired";
    case Outcome::kOtherWay:
      return "other_way";
    case Outcome::kRefused:
      return "refused";
  }
  return "";
}

void expect_request(const HttpRequest& request, const json& row) {
  EXPECT_EQ(request.method, row["method"].get<std::string>());
  EXPECT_EQ(request.url, row["url"].get<std::string>());
  if (row.contains("body")) {
    EXPECT_EQ(parse_json(request.body), row["body"]);
  }
  // Some of its members; null: not there.
  const json body = parse_json(request.body), has = row.value("has", json::object());
  for (const auto& [name, value] : has.items()) EXPECT_EQ(body.value(name, json()), value) << name;
}

class Deliveries : public testing::TestWithParam<const char*> {
 protected:
  const json file_ =
      test::read_json(std::string("unit/channels/deliveries/") + GetParam() + ".json");
  const std::unique_ptr<Channel> channel_ = channel_of(file_["config"]);
};

TEST_P(Deliveries, AreJudgedByWhatThePlatformSays) {
  ASSERT_GE(file_["judged"].size(), 15u);
  for (const json& row : file_["judged"]) {
    SCOPED_TRACE(row["name"].get<std::string>());
    HttpReply reply;
    reply.status = row["status"].get<int>();
    reply.body = row["body"].is_string() ? row["body"].get<std::string>() : row["body"].dump();
    const json headers = row.value("headers", json::object());
    for (const auto& [name, value] : headers.items())
      reply.headers.emplace_back(name, value.get<std::string>());
    const Delivery delivery = channel_->judge(reply);
    EXPECT_STREQ(name_of(delivery.outcome), row["outcome"].get<std::string>().c_str());
    EXPECT_EQ(delivery.way, way_of(row.value("way", json::object())));
    EXPECT_EQ(delivery.whole_app, row.value("whole_app", false));
    EXPECT_EQ(delivery.message_id, row.value("message_id", ""));
    EXPECT_EQ(delivery.retry_after.value_or(milliseconds(-1)).count(),
              row.value("retry_after_ms", -1));
    EXPECT_EQ(delivery.why.empty(), delivery.outcome == Outcome::kDelivered);
  }
}

TEST_P(Deliveries, TakeTheWayTheyAreGiven) {
  ASSERT_FALSE(file_["rendered"].empty());
  for (const json& row : file_["rendered"]) {
    SCOPED_TRACE(row["name"].get<std::string>());
    expect_request(channel_->render(reply_of(*channel_, row["reply"]), "", kNow), row);
  }
}

TEST_P(Deliveries, AreTakenBackWhereTheyWere) {
  ASSERT_FALSE(file_["retracted"].empty());
  for (const json& row : file_["retracted"]) {
    SCOPED_TRACE(row["name"].get<std::string>());
    const auto request = channel_->retract(reply_of(*channel_, row["reply"]), "");
    ASSERT_TRUE(request);
    expect_request(*request, row);
  }
}

INSTANTIATE_TEST_SUITE_P(Platforms, Deliveries,
                         testing::Values("discord", "feishu", "slack", "telegram"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace ai_bot
