#include "api/health.h"

#include <fmt/format.h>
#include <unistd.h>

#include "core/disk.h"
#include "core/redact.h"
#include "core/version.h"
#include "net/replies.h"

namespace ai_bot {
namespace {

using nlohmann::ordered_json;

// Why it should get no traffic; empty when it should.
std::vector<Text> reasons(const HealthNeeds& needs) {
  std::vector<Text> reasons;
  switch (needs.phase.load()) {
    case Phase::kStarting:
      reasons.push_back({"starting", "正在启动"});
      break;
    case Phase::kDraining:
      reasons.push_back({"stopping", "正在停止"});
      break;
    case Phase::kServing:
      break;
  }
  if (const auto commit = needs.ledger.last_commit(); !commit)
    reasons.push_back(commit.error().text);
  if (const auto in_place = needs.ledger.in_place(); !in_place)
    reasons.push_back(in_place.error().text);
  const int64_t free = free_disk(needs.database.path);
  const int64_t needed = needs.database.min_free_disk.count;
  if (free >= 0 && free < needed) {
    reasons.push_back(
        {fmt::format("disk nearly full: {} bytes free, database.min_free_disk is {}", free, needed),
         fmt::format("磁盘空间不足：剩余 {} 字节，database.min_free_disk 为 {}", free, needed)});
  }
  bool usable = false;
  for (const Router::Member& member : needs.router.members()) {
    usable |= member.status.state == ModelState::kReady && member.breaker != Breaker::State::kOpen;
  }
  if (!usable) reasons.push_back({"no model can answer", "没有可用的模型"});
  return reasons;
}

// A webhook's state by the same kinds.
const char* webhook_state(ConnectionState::Kind kind) {
  switch (kind) {
    case ConnectionState::Kind::kConnecting:
    case ConnectionState::Kind::kWaiting:
      return "idle";
    case ConnectionState::Kind::kConnected:
      return "receiving";
    case ConnectionState::Kind::kRefused:
      return "refused";
  }
  return "";
}

ordered_json json_of(const ChannelEntry& channel, bool connects, Language language) {
  const ConnectionState::Snapshot now = (connects ? channel.connection : channel.webhook)->get();
  ordered_json out;
  out["channel"] = channel.config.name;
  out["state"] = connects ? name_of(now.kind) : webhook_state(now.kind);
  out["for_s"] = std::chrono::floor<std::chrono::seconds>(since(now.begun)).count();
  if (const std::string bot = bot_of(channel); !bot.empty()) out["as"] = redacted(bot);
  if (!now.why.en.empty()) out["problem"] = redacted(now.why.in(language));
  if (const auto sending = channel.sending->get(); !sending.why.en.empty())
    out["sending_problem"] = redacted(sending.why.in(language));
  return out;
}

}  // namespace

Health check_health(const HealthNeeds& needs, Language language) {
  Health health;
  ordered_json& body = health.body;
  const std::vector<Text> why = reasons(needs);
  health.ready = why.empty();
  body["status"] = health.ready ? "ok" : "unavailable";
  body["reasons"] = ordered_json::array();
  for (const Text& reason : why) body["reasons"].push_back(redacted(reason.in(language)));
  body["version"] = kVersion;
  body["pid"] = getpid();
  for (const Router::Member& member : needs.router.members()) {
    ordered_json model;
    model["name"] = member.model->name();
    model["state"] = name_of(member.status.state);
    model["breaker"] = name_of(member.breaker);
    model["detail"] = redacted(member.status.detail);
    model["restarts"] = member.status.restarts;
    if (member.model->is_guide()) model["guide"] = true;
    if (!member.status.problem.empty()) model["problem"] = redacted(member.status.problem);
    if (member.pause.count() > 0) {
      model["pause_ms"] = member.pause.count();
      model["problem"] = Text{"the endpoint asked for a pause", "端点要求暂停请求"}.in(language);
    }
    if (member.status.engine_pid != 0) model["engine_pid"] = member.status.engine_pid;
    body["models"].push_back(std::move(model));
  }
  for (const ChannelEntry* channel : needs.channels.all()) {
    const bool connects = channel->config.mode == "connect";
    body[connects ? "connections" : "webhooks"].push_back(json_of(*channel, connects, language));
  }
  const LedgerCounts counts = needs.ledger.counts();
  const auto depth = needs.assistant.depth();
  body["inbox"] = {{"open", counts.inbox_open}, {"dead", counts.inbox_dead}};
  body["outbox"] = {{"open", counts.outbox_open}, {"dead", counts.outbox_dead}};
  body["turns"] = {{"waiting", depth.waiting}, {"running", depth.running}};
  body["disk_free_bytes"] = free_disk(needs.database.path);
  return health;
}

std::vector<Metrics::Sample> health_samples(const HealthNeeds& needs) {
  const LedgerCounts counts = needs.ledger.counts();
  const auto depth = needs.assistant.depth();
  const auto number = [](int64_t n) { return static_cast<double>(n); };
  std::vector<Metrics::Sample> samples = {
      {"ai_bot_inbox_entries", "Events by state", {{"state", "open"}}, number(counts.inbox_open)},
      {"ai_bot_inbox_entries", "", {{"state", "dead"}}, number(counts.inbox_dead)},
      {"ai_bot_outbox_entries",
       "Replies by state",
       {{"state", "open"}},
       number(counts.outbox_open)},
      {"ai_bot_outbox_entries", "", {{"state", "dead"}}, number(counts.outbox_dead)},
      {"ai_bot_turns", "Turns by state", {{"state", "waiting"}}, number(depth.waiting)},
      {"ai_bot_turns", "", {{"state", "running"}}, number(depth.running)},
      {"ai_bot_store_writes_waiting",
       "Writes that wait for their commit",
       {},
       number(needs.ledger.queued())},
      {"ai_bot_lanes", "Conversations with a turn waiting or running", {}, number(depth.lanes)},
      {"ai_bot_disk_free_bytes",
       "Free space where the database is",
       {},
       number(free_disk(needs.database.path))},
      {"ai_bot_ready",
       "Whether health is 200",
       {},
       check_health(needs, Language::kEnglish).ready ? 1.0 : 0.0},
  };
  for (const ChannelEntry* channel : needs.channels.all()) {
    const bool connects = channel->config.mode == "connect";
    const auto now = (connects ? channel->connection : channel->webhook)->get();
    const std::string& name = channel->config.name;
    const bool is_refused = now.kind == ConnectionState::Kind::kRefused;
    const bool is_connected = now.kind == ConnectionState::Kind::kConnected;
    if (connects) {
      samples.push_back({"ai_bot_channel_connected",
                         "Whether the channel's own connection (mode: connect) is open",
                         {{"channel", name}},
                         is_connected ? 1.0 : 0.0});
    }
    samples.push_back({"ai_bot_channel_refused",
                       "Whether the platform refuses the channel's connection, or the channel the "
                       "last request to its webhook",
                       {{"channel", name}},
                       is_refused ? 1.0 : 0.0});
    samples.push_back({"ai_bot_channel_state_seconds",
                       "How long the channel's connection or webhook has been as it is",
                       {{"channel", name}},
                       std::chrono::duration<double>(since(now.begun)).count()});
  }
  for (const Router::Member& member : needs.router.members()) {
    const std::string& name = member.model->name();
    samples.push_back({"ai_bot_model_ready",
                       "Whether the model may be asked",
                       {{"model", name}},
                       member.status.state == ModelState::kReady ? 1.0 : 0.0});
    samples.push_back({"ai_bot_engine_restarts_total",
                       "Restarts of the model's process",
                       {{"model", name}},
                       number(member.status.restarts)});
    for (const auto state :
         {Breaker::State::kClosed, Breaker::State::kOpen, Breaker::State::kHalfOpen}) {
      samples.push_back({"ai_bot_breaker_state",
                         "1 for the state the model's circuit breaker is in",
                         {{"model", name}, {"state", name_of(state)}},
                         member.breaker == state ? 1.0 : 0.0});
    }
  }
  return samples;
}

std::vector<Route> health_routes(const HealthNeeds& needs) {
  const auto summary = [needs](const RequestPtr& request, const Respond& respond) {
    const Health health = check_health(needs, request->language());
    respond(json_response(health.ready ? 200 : 503, health.body));
  };
  const auto ready = [needs](const RequestPtr& request, const Respond& respond) {
    const Health health = check_health(needs, request->language());
    respond(json_response(health.ready ? 200 : 503, {{"status", health.body["status"]},
                                                     {"reasons", health.body["reasons"]}}));
  };
  const auto live = [](const RequestPtr&, const Respond& respond) {
    respond(json_response(200, {{"status", "ok"}}));
  };
  return {{{Method::kGet}, "/api/health", summary},
          {{Method::kGet}, "/api/health/ready", ready},
          {{Method::kGet}, "/api/health/live", live}};
}

}  // namespace ai_bot
