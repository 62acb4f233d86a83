#include "net/guards.h"

#include "net/browser_guard.h"
#include "net/replies.h"

namespace ai_bot {
namespace {

using Match = RouteTable::Match;
using Answer = std::optional<Response>;

Response no_such_path(const Request& request) {
  return error_response(request, {Code::kNotFound, {"no such path", "路径不存在"}});
}

Answer check_upgrade(const Request& request, const Match&) {
  // What else may be asked for (h2c) may be ignored (RFC 9110, 7.8).
  if (request.header("upgrade") != "websocket") return std::nullopt;
  return no_such_path(request);
}

Answer check_origin(const Request& request, const Match& match,
                    const std::vector<std::string>& hosts) {
  if (!match.at_path.empty() && !match.at_path.front().from_browsers) return std::nullopt;
  const BrowserHeaders headers{request.header("host"), request.header("origin"),
                               request.header("content-type")};
  const auto allowed = check_browser(headers, !request.body().empty(), hosts);
  if (allowed) return std::nullopt;
  return error_response(request, allowed.error());
}

Answer check_path(const Request& request, const Match& match) {
  if (!match.at_path.empty()) return std::nullopt;
  return no_such_path(request);
}

std::string allowed_methods(const Match& match) {
  std::string names = "OPTIONS";
  for (const Route& route : match.at_path) {
    for (const Method method : route.methods) {
      names.append(", ").append(name_of(method));
      if (method == Method::kGet) names += ", HEAD";
    }
  }
  return names;
}

Answer check_method(const Request& request, const Match& match) {
  if (match.route != nullptr) return std::nullopt;
  Response response;
  if (request.method() == Method::kOptions) {
    response.status = 204;
  } else {
    response = error_response(
        request, {Code::kInvalid, {"this path does not take this method", "该路径不支持此方法"}});
    response.status = 405;
  }
  response.headers.emplace_back("Allow", allowed_methods(match));
  return response;
}

}  // namespace

std::vector<Guard> http_guards(std::vector<std::string> hosts) {
  std::vector<Guard> guards = {
      {"upgrade", check_upgrade},
      {"browser", [hosts = std::move(hosts)](const Request& request, const Match& match) {
         return check_origin(request, match, hosts);
       }}};
  for (Guard& guard : route_guards()) guards.push_back(std::move(guard));
  return guards;
}

std::vector<Guard> route_guards() { return {{"path", check_path}, {"method", check_method}}; }

}  // namespace ai_bot
