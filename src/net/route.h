// What is served, as data.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/request.h"

namespace ai_bot {

// Called on the request's loop, where it must not wait; answers with `respond` now or later.
using Handler = std::function<void(const RequestPtr& request, Respond respond)>;

struct Route {
  std::vector<Method> methods;
  // Exactly as it must be written. A part in braces ("/api/webhook/{channel}") stands for any text
  // that is not empty and has no '/'. Also its name in metrics.
  std::string path;
  Handler handler;
  // False where each request proves by a signature whom it is from, so that a browser that was
  // talked into it can do no harm (net/browser_guard.h).
  bool from_browsers = true;
};

class RouteTable {
 public:
  // A later route of the same path and method is never reached.
  explicit RouteTable(const std::vector<Route>& routes);

  struct Match {
    std::span<const Route> at_path;  // of any method; empty: nothing is served there
    const Route* route = nullptr;    // of this method
  };
  // Valid as long as the table.
  Match find(std::string_view path, Method method) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, std::vector<Route>, Hash, std::equal_to<>> exact_;
  std::vector<std::vector<Route>> patterns_;
};

}  // namespace ai_bot
