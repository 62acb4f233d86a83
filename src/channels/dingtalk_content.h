// What a DingTalk message says. Its kinds are those of "Robot receives messages"; replies and
// forwarded records are described nowhere and read as DingTalk's clients send them
// (soimy/openclaw-channel-dingtalk, src/message-utils.ts; langbot-app/LangBot, dingtalk/api.py).
#pragma once

#include <nlohmann/json.hpp>

#include "channels/incoming.h"

namespace ai_bot {

// The words, files and quotations of a robot's message, or what it is when it says nothing.
void read_dingtalk_content(const nlohmann::json& message, Incoming& incoming);

}  // namespace ai_bot
