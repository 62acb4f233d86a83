// What the errors of Slack's Web API mean for a message that was to be sent or changed.
#pragma once

#include <optional>
#include <string>

#include "channels/channel.h"

namespace ai_bot {

// None for an error that is final, or not known.
std::optional<Delivery> slack_delivery(const std::string& error);

}  // namespace ai_bot
