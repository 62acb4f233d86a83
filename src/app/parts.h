// The running parts of a server, as the endpoints see them. app/server.cc owns them.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "assistant/assistant.h"
#include "config/config.h"
#include "core/executor.h"
#include "core/phase.h"
#include "gateway/channel_entry.h"
#include "gateway/intake.h"
#include "gateway/waiters.h"
#include "models/router.h"
#include "store/ledger.h"
#include "store/under_way.h"
#include "telemetry/metrics.h"

namespace ai_bot {

struct Parts {
  Config config;
  Metrics metrics;
  Waiters waiters;
  ChannelMap channels;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<UnderWay> under_way;
  std::unique_ptr<Executor> executor;  // what the gateway does between its waits
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<Router> router;
  std::unique_ptr<Assistant> assistant;
  std::unique_ptr<Intake> intake;
  std::atomic<int64_t> answers_under_way{0};  // of /v1/chat/completions
  std::atomic<Phase> phase{Phase::kStarting};
};

}  // namespace ai_bot
