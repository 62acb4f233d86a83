// GET /api/health: whether ai_bot should get traffic, and how its parts are. /api/health/ready says
// the first only, /api/health/live that it runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "assistant/assistant.h"
#include "core/phase.h"
#include "gateway/channel_map.h"
#include "models/router.h"
#include "net/route.h"
#include "store/config.h"
#include "store/ledger.h"
#include "telemetry/metrics.h"

namespace ai_bot {

// All of it outlives the server.
struct HealthNeeds {
  const std::atomic<Phase>& phase;
  Ledger& ledger;
  const Router& router;
  const Assistant& assistant;
  const ChannelMap& channels;
  const DatabaseConfig& database;
};

struct Health {
  bool ready = true;            // false: 503
  nlohmann::ordered_json body;  // the summary
};

Health check_health(const HealthNeeds& needs, Language language);

// Queue depths, breaker states and database counts for a scrape.
std::vector<Metrics::Sample> health_samples(const HealthNeeds& needs);

std::vector<Route> health_routes(const HealthNeeds& needs);

}  // namespace ai_bot
