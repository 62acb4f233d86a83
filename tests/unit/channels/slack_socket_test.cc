// Socket Mode tells the same as the webhook, in envelopes, some of which are answered.
#include "channels/slack_socket.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

using nlohmann::json;

class SlackSockets : public testing::Test {
 protected:
  SocketStep on(const char* type, const json& payload, bool accepts_payload = false) {
    return socket_.on_frame(json{{"envelope_id", "e1"},
                                 {"type", type},
                                 {"accepts_response_payload", accepts_payload},
                                 {"payload", payload}}
                                .dump(),
                            &self_, 0);
  }

  const Identity self_{"UBOT", "helper"};
  const SlackChannel channel_{ChannelConfig(), ChannelLimits()};
  SlackSocket socket_{channel_, ChannelConfig()};
};

const json kMention = {{"type", "message"}, {"channel", "C1"}, {"channel_type", "channel"},
                       {"user", "U1"},      {"ts", "1.0"},     {"text", "<@UBOT> hi"}};

TEST_F(SlackSockets, KnowTheBotAlsoWhereThePayloadDoesNotNameIt) {
  const SocketStep step = on("events_api", {{"type", "event_callback"}, {"event", kMention}});
  ASSERT_TRUE(step.reading && step.reading->event);
  EXPECT_EQ(step.reading->event->text, "hi");
  EXPECT_EQ(json::parse(step.acknowledgement), (json{{"envelope_id", "e1"}}));
}

TEST_F(SlackSockets, AskWhatASlashCommandAsks) {
  const SocketStep step = on("slash_commands",
                             {{"command", "/ai"},
                              {"text", "what is new?"},
                              {"channel_id", "C1"},
                              {"user_id", "U1"},
                              {"trigger_id", "1.2"},
                              {"response_url", "https://hooks.slack.com/commands/x"}},
                             true);
  ASSERT_TRUE(step.reading && step.reading->event);
  EXPECT_EQ(step.reading->event->text, "what is new?");
  EXPECT_EQ(json::parse(step.acknowledgement),
            (json{{"envelope_id", "e1"}, {"payload", {{"response_type", "in_channel"}}}}));
}

TEST_F(SlackSockets, AcknowledgeButtons) {
  const SocketStep step =
      on("interactive", {{"type", "block_actions"}, {"trigger_id", "1.2"}}, true);
  ASSERT_TRUE(step.reading);
  EXPECT_FALSE(step.reading->event);
  EXPECT_EQ(json::parse(step.acknowledgement), (json{{"envelope_id", "e1"}}));
}

TEST_F(SlackSockets, AcknowledgeWhateverElseThereIs) {
  for (const char* type : {"events_api", "slash_commands", "interactive", "hologram"}) {
    for (const json& payload : {json(), json("x"), json::array({1}), json::object()})
      EXPECT_NE(on(type, payload).acknowledgement, "") << type << payload;
  }
}

}  // namespace
}  // namespace ai_bot
