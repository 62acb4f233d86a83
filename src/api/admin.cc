#include "api/admin.h"

#include "core/redact.h"
#include "net/replies.h"

namespace ai_bot {
namespace {

using nlohmann::json;

json json_of(const Reloaded& reloaded, Language language) {
  json findings = json::array(), changed = json::array();
  for (const Finding& finding : reloaded.findings) {
    findings.push_back({{"level", finding.is_error ? "error" : "warning"},
                        {"file", finding.file},
                        {"line", finding.line},
                        {"key", finding.key},
                        {"text", redacted(finding.text.in(language))}});
  }
  for (const ChangedKey& key : reloaded.changed)
    changed.push_back({{"key", key.key}, {"active", key.change == Change::kReload}});
  return {{"taken", reloaded.is_taken}, {"findings", findings}, {"changed", changed}};
}

Handler status(const AdminNeeds& needs) {
  return [needs](const RequestPtr& request, const Respond& respond) {
    auto body = check_health(needs.health, request->language()).body;
    body["url"] = needs.url;
    body["uptime_s"] = std::chrono::floor<std::chrono::seconds>(since(needs.started)).count();
    respond(json_response(200, body));
  };
}

Handler reload(const AdminNeeds& needs) {
  return [needs](const RequestPtr& request, const Respond& respond) {
    const Reloaded reloaded = needs.reload();
    respond(json_response(reloaded.is_taken ? 200 : 422, json_of(reloaded, request->language())));
  };
}

Handler replay(const AdminNeeds& needs) {
  return [needs](const RequestPtr& request, const Respond& respond) {
    int messages = 0, replies = 0;
    const auto done = needs.ledger.write([&](Transaction& transaction) {
      messages = transaction.inbox().replay();
      replies = transaction.outbox().replay();
    });
    if (!done) return respond(error_response(*request, done.error()));
    needs.replayed();
    respond(json_response(200, {{"messages", messages}, {"replies", replies}}));
  };
}

}  // namespace

std::vector<Route> admin_routes(const AdminNeeds& needs) {
  const auto use_models = [needs](const RequestPtr&, const Respond& respond) {
    needs.use_models();
    respond(json_response(200, json::object()));
  };
  return {{{Method::kGet}, "/api/admin/status", status(needs)},
          {{Method::kPost}, "/api/admin/reload", reload(needs)},
          {{Method::kPost}, "/api/admin/models", use_models},
          {{Method::kPost}, "/api/admin/replay", replay(needs)}};
}

}  // namespace ai_bot
