#include "api/metrics.h"

namespace ai_bot {

std::vector<Route> metrics_routes(Metrics& metrics) {
  return {{{Method::kGet}, "/metrics", [&metrics](const RequestPtr&, const Respond& respond) {
             respond({200, metrics.text(), "text/plain; version=0.0.4; charset=utf-8"});
           }}};
}

}  // namespace ai_bot
