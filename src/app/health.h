// GET /api/health: whether ai_bot should get traffic, and how its parts are.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "app/parts.h"

namespace ai_bot {

struct Health {
  bool ready = true;            // false: 503
  nlohmann::ordered_json body;  // the summary
};

Health check_health(const Parts& parts, Language language);

// Queue depths, breaker states and database counts for a scrape.
std::vector<Metrics::Sample> health_samples(const Parts& parts);

}  // namespace ai_bot
