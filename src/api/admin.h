// What the commands of the machine's user ask a running server, over its admin socket
// (net/local_server.h). Not served on the network.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/health.h"
#include "settings/live_config.h"

namespace ai_bot {

// All of it outlives the socket. The functions are called on the socket's thread.
struct AdminNeeds {
  HealthNeeds health;
  Ledger& ledger;
  std::string url;  // where the server listens: "http://127.0.0.1:8080"
  SteadyTime started;
  std::function<Reloaded()> reload;
  std::function<void()> use_models;  // takes the chosen model file up (`model use`)
  std::function<void()> replayed;    // what was dead is open again
};

// GET  /api/admin/status  what /api/health says, with "url" and "uptime_s"; always 200
// POST /api/admin/reload  {"taken", "findings": [{"level", "file", "line", "key", "text"}],
//                         "changed": [{"key", "active"}]}; 422 when it was not taken
// POST /api/admin/models  {}
// POST /api/admin/replay  {"messages", "replies"}: how many dead letters were opened again
std::vector<Route> admin_routes(const AdminNeeds& needs);

}  // namespace ai_bot
