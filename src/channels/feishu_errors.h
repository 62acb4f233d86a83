// What the error codes of Feishu's open platform mean for a message that was to be sent or changed.
#pragma once

#include <cstdint>
#include <optional>

#include "channels/channel.h"

namespace ai_bot {

// None for a code that is final, or not known.
std::optional<Delivery> feishu_delivery(int64_t code);

}  // namespace ai_bot
