// GET /metrics: Prometheus's exposition.
#pragma once

#include <vector>

#include "net/route.h"
#include "telemetry/metrics.h"

namespace ai_bot {

// `metrics` outlives the server.
std::vector<Route> metrics_routes(Metrics& metrics);

}  // namespace ai_bot
