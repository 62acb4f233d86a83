// The section `delivery`.
#pragma once

#include "config/checks.h"
#include "config/fields.h"

namespace ai_bot {

struct DeliveryConfig {
  int64_t max_attempts = 12;
  Duration backoff_min = 500ms;
  Duration backoff_max = 5min;
  Duration retry_for = 24h;
  Duration timeout = 10s;
  int64_t parallel = 32;
};

void fields(Visitor& v, DeliveryConfig& c);

void check_delivery(Checks& check, const DeliveryConfig& config);

}  // namespace ai_bot
