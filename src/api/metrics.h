// GET /metrics: Prometheus's exposition, and what models add to it.
#pragma once

#include <vector>

#include "models/router.h"
#include "net/route.h"
#include "telemetry/metrics.h"

namespace ai_bot {

// `metrics` outlives the server.
std::vector<Route> metrics_routes(Metrics& metrics);

// What came of asking a model once; what failed is logged too.
void count_attempt(Metrics& metrics, const Attempt& attempt);

}  // namespace ai_bot
