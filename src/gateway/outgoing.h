// What requests to platforms are made with, and the time. All of it outlives whoever uses it: the
// HTTP client and the executor are stopped before any of those is gone.
#pragma once

#include "core/executor.h"
#include "net/http_client.h"

namespace ai_bot {

struct Outgoing {
  HttpClient& http;
  Executor& executor;    // work has its channel's name as its group
  milliseconds timeout;  // of one request
  Clock& clock = Clock::system();
};

}  // namespace ai_bot
