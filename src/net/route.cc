#include "net/route.h"

#include <algorithm>

namespace ai_bot {
namespace {

std::string_view first_part(std::string_view path) { return path.substr(0, path.find('/')); }

bool matches(std::string_view pattern, std::string_view path) {
  for (;;) {
    const std::string_view wanted = first_part(pattern), part = first_part(path);
    const bool fits = wanted.starts_with('{') ? !part.empty() : wanted == part;
    if (!fits) return false;
    pattern.remove_prefix(wanted.size());
    path.remove_prefix(part.size());
    if (pattern.empty() || path.empty()) return pattern.empty() && path.empty();
    pattern.remove_prefix(1);
    path.remove_prefix(1);
  }
}

}  // namespace

RouteTable::RouteTable(const std::vector<Route>& routes) {
  for (const Route& route : routes) {
    if (route.path.find('{') == std::string::npos) {
      exact_[route.path].push_back(route);
      continue;
    }
    const auto same = std::find_if(
        patterns_.begin(), patterns_.end(),
        [&](const std::vector<Route>& other) { return other.front().path == route.path; });
    if (same == patterns_.end()) {
      patterns_.push_back({route});
    } else {
      same->push_back(route);
    }
  }
}

RouteTable::Match RouteTable::find(std::string_view path, Method method) const {
  Match match;
  if (const auto exact = exact_.find(path); exact != exact_.end()) {
    match.at_path = exact->second;
  } else {
    const auto pattern = std::find_if(
        patterns_.begin(), patterns_.end(),
        [&](const std::vector<Route>& routes) { return matches(routes.front().path, path); });
    if (pattern != patterns_.end()) match.at_path = *pattern;
  }
  for (const Route& route : match.at_path) {
    if (std::find(route.methods.begin(), route.methods.end(), method) == route.methods.end())
      continue;
    match.route = &route;
    break;
  }
  return match;
}

}  // namespace ai_bot
