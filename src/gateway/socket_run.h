// One long connection of a channel, from the request for its address to its end.
#pragma once

#include <atomic>
#include <memory>

#include "channels/socket.h"
#include "gateway/connections.h"

namespace ai_bot {

// Why it ended or was never made: kUnauthorized when the platform refuses for good.
struct SocketEnding {
  Error why;
  milliseconds lasted{0};  // since it was open
};

// Returns when the connection has ended or the channel is retired, and all commits of its events
// are over. Frames are handled on the calling thread.
SocketEnding run_socket_once(const ConnectionNeeds& needs, const ChannelEntry& channel,
                             const std::shared_ptr<SocketProtocol>& protocol);

}  // namespace ai_bot
