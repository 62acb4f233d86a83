// What becomes of the Gateway's dispatches: rows of discord_gateway.json.
#include <gtest/gtest.h>

#include "channels/channel.h"
#include "channels/discord_known.h"
#include "channels/platform.h"
#include "channels/socket.h"
#include "core/json.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;

std::string dispatch(const json& given) {
  return json{{"op", 0}, {"s", 1}, {"t", given["t"]}, {"d", given["d"]}}.dump();
}

// All that a row may expect.
json written(const Event& event) {
  json out = {{"event_id", event.event_id},
              {"conversation", event.conversation},
              {"sender", event.sender},
              {"text", event.text},
              {"fixed_answer", event.fixed_answer},
              {"edits", event.edits},
              {"address", object_of(event.address)},
              {"attachments", json::array()}};
  for (const Attachment& a : event.attachments)
    out["attachments"].push_back({a.id, a.name, a.type, a.size});
  return out;
}

TEST(DiscordGateway, ReadsDispatchesAsTheyAreMeant) {
  const json file = test::read_json("unit/channels/discord_gateway.json");
  ASSERT_GE(file["rows"].size(), 40u);
  for (const json& row : file["rows"]) {
    SCOPED_TRACE(row["name"].get<std::string>());
    ChannelConfig config;
    config.name = "it";
    config.type = "discord";
    config.application_id = "99";
    config.allow.conversations = row.value("allow", std::vector<std::string>());
    const auto channel = make_channel(config, {});
    const auto socket = channel->socket();
    for (const json& before : row.value("before", json::array()))
      socket->on_frame(dispatch(before), nullptr, 0);
    const auto step = socket->on_frame(dispatch(row), nullptr, 0);
    ASSERT_TRUE(step.reading);
    const json& expected = row["expected"];
    if (expected.contains("outcome")) {
      EXPECT_FALSE(step.reading->event);
      EXPECT_EQ(step.reading->outcome, expected["outcome"].get<std::string>());
      continue;
    }
    ASSERT_TRUE(step.reading->event) << step.reading->outcome;
    json seen = json::object();
    for (const auto& [key, value] : expected["event"].items())
      seen[key] = written(*step.reading->event).at(key);
    EXPECT_EQ(seen, expected["event"]);
  }
}

TEST(DiscordGateway, KeepsWhatItLearnsWithinBounds) {
  DiscordKnown known;
  for (size_t n = 0; n < DiscordKnown::kMost + 5; ++n)
    known.learn("THREAD_CREATE", {{"id", std::to_string(n)}, {"parent_id", "p"}, {"name", "t"}});
  EXPECT_EQ(known.parent("0"), "p");
  EXPECT_EQ(known.parent(std::to_string(DiscordKnown::kMost)), "");
  known.learn("THREAD_DELETE", {{"id", "0"}});
  EXPECT_EQ(known.parent("0"), "");
  known.learn("CHANNEL_UPDATE", {{"id", "1"}, {"name", std::string(100000, 'x')}});
  EXPECT_LE(known.channel("1").size(), 1000u);
}

}  // namespace
}  // namespace ai_bot
