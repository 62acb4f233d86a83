// What a WeCom message says: an app's as XML ("Receive messages", developer.work.weixin.qq.com
// /document/path/90239; "Receive events", 90240), an AI bot's as JSON (100719; events: 101027). An
// AI bot's is the same by webhook and by the long connection (101463).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "channels/incoming.h"

namespace ai_bot {

// Each returns why the message is ignored ("unknown", "unreadable"); empty: it is not.
std::string read_wecom_app(const std::string& xml, Incoming& incoming);

// `bot_name`: what without_bot() takes.
std::string read_wecom_bot(const nlohmann::json& message, const std::string& bot_name,
                           Incoming& incoming);

}  // namespace ai_bot
