// What Feishu's GET im/v1/messages/:id says of a message that is quoted or forwards others: rows of
// feishu_quoted.json.
#include <gtest/gtest.h>

#include "channels/channel.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;

std::unique_ptr<Channel> feishu() {
  ChannelConfig config;
  config.type = "feishu";
  return make_channel(config, {});
}

TEST(FeishuQuoted, IsReadAsWhatComes) {
  const json rows = test::read_json("unit/channels/feishu_quoted.json");
  ASSERT_GE(rows.size(), 10u);
  for (json row : rows) {
    SCOPED_TRACE(row["name"].get<std::string>());
    for (json& item : row["items"]) {
      if (item.is_object() && item.contains("content"))
        item["body"] = {{"content", item["content"].is_string() ? item["content"].get<std::string>()
                                                                : item["content"].dump()}};
    }
    const json body = {{"code", 0}, {"data", {{"items", row["items"]}}}};
    const auto text = feishu()->read_quoted({200, {}, body.dump()});
    EXPECT_EQ(text ? json(*text) : json(), row["text"]);
  }
}

TEST(FeishuQuoted, IsNothingWhereFeishuRefuses) {
  for (const char* body : {R"({"code":230110,"msg":"deleted"})", "<html>", "[]", "",
                           R"({"data":7})", R"({"code":0,"data":{"items":"x"}})"}) {
    EXPECT_FALSE(feishu()->read_quoted({200, {}, body})) << body;
  }
}

TEST(FeishuQuoted, IsAskedForByItsId) {
  const auto request = feishu()->download({"om_9/..", "", "quote", 0}, "t");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->url, "https://open.feishu.cn/open-apis/im/v1/messages/om_9%2F..");
}

}  // namespace
}  // namespace ai_bot
