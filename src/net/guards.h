// What a request must pass before its route sees it, one after another; the first that answers ends
// it. Before all of them, and before there is a request, stands the guard of its connection
// (net/http_guard.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "net/route.h"

namespace ai_bot {

struct Guard {
  const char* name;
  // The answer instead of the route's; none: it may pass.
  std::function<std::optional<Response>(const Request& request, const RouteTable::Match& match)>
      check;
};

// In their order:
//   upgrade  no other protocol is spoken on a connection (404)
//   browser  no page of another site, no name that is not ours (403, 415; net/browser_guard.h)
//   path     a route is written exactly so (404): a proxy's rules before us tell more apart than
//            case and encoding do
//   method   the route takes it (405); OPTIONS says which it takes
// `hosts`: server.hosts.
std::vector<Guard> http_guards(std::vector<std::string> hosts);

// path and method alone, where no browser can come (net/local_server.h).
std::vector<Guard> route_guards();

}  // namespace ai_bot
