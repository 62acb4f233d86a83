// /api/webhook/{channel} and /api/webhook (the channel marked default): verify, commit to the
// inbox, acknowledge.
#pragma once

#include <vector>

#include "gateway/intake.h"
#include "gateway/waiters.h"
#include "net/route.h"

namespace ai_bot {

// All of it outlives the server.
struct WebhookNeeds {
  const ChannelMap& channels;
  Intake& intake;
  Waiters& waiters;
  Metrics& metrics;
};

std::vector<Route> webhook_routes(const WebhookNeeds& needs);

}  // namespace ai_bot
