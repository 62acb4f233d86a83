#include "app/webhook.h"

#include "app/loop_batch.h"
#include "core/log.h"
#include "store/outbox.h"

namespace ai_bot {
namespace {

using nlohmann::json;

const ChannelEntry* find_channel(const Parts& parts, const std::string& name) {
  if (!name.empty()) {
    const auto at = parts.channels.find(name);
    return at == parts.channels.end() ? nullptr : &at->second;
  }
  for (const auto& [key, entry] : parts.channels) {
    if (entry.config.is_default) return &entry;
  }
  return nullptr;
}

// What became of an event in the inbox.
struct Acknowledged {
  Event event;
  inbox::Added added;
  std::optional<std::string> answer;  // of an event that was answered before
  SteadyTime begun = steady_now();
};
using AcknowledgedPtr = std::shared_ptr<Acknowledged>;

json event_body(const Event& event, const char* status) {
  return {{"event_id", event.event_id}, {"status", status}};
}

// A response that is sent once: by the answer or by the deadline, whichever comes first.
void answer_in_response(Parts& parts, const AcknowledgedPtr& taken, const ChannelConfig& config,
                        trantor::EventLoop* loop, const Respond& respond) {
  const auto answered = [event = taken->event](const Waiters::Answer& answer) {
    json body = event_body(event, answer.postponed ? "postponed" : "answered");
    body["text"] = answer.text;
    return json_response(answer.postponed ? 202 : 200, body);
  };
  if (taken->answer) return respond(answered({*taken->answer}));
  const int64_t id = taken->added.id;
  const int64_t ticket = parts.waiters.wait(
      id, [respond, answered](const Waiters::Answer& answer) { respond(answered(answer)); });
  const double deadline = static_cast<double>(config.sync_deadline.count()) / 1000;
  loop->runAfter(deadline, [&parts, id, ticket, respond, event = taken->event] {
    if (parts.waiters.leave(id, ticket)) respond(json_response(202, event_body(event, "accepted")));
  });
}

void note_acknowledged(Parts& parts, const Acknowledged& taken) {
  const Event& event = taken.event;
  parts.metrics.event(event.channel, taken.added.is_new ? "accepted" : "duplicate");
  parts.metrics.acknowledged(std::chrono::duration<double>(steady_now() - taken.begun).count());
  if (!log::enabled(log::Level::kDebug)) return;
  log::debug("event.acknowledged",
             taken.added.is_new ? "an event was accepted" : "an event came again",
             {{"http.request.id", event.request_id}, {"ai_bot.channel", event.channel}});
}

// On the store's thread, in the order of the commits, which is thereby the order within a lane.
void committed(Parts& parts, const AcknowledgedPtr& taken, const ChannelEntry& channel,
               const std::shared_ptr<LoopBatch>& loop, const Respond& respond) {
  const bool held = channel.channel->holds_replies();
  if (held) answer_in_response(parts, taken, channel.config, loop->loop(), respond);
  const Event& event = taken->event;
  if (taken->added.is_new) {
    parts.assistant->accept({taken->added.id, lane_key(event.channel, event.conversation), 0},
                            event.text);
  }
  loop->add([&parts, taken, held, respond] {
    note_acknowledged(parts, *taken);
    const char* status = taken->added.is_new ? "accepted" : "duplicate";
    if (!held) respond(json_response(200, event_body(taken->event, status)));
  });
}

}  // namespace

void handle_webhook(Parts& parts, const drogon::HttpRequestPtr& request, const std::string& name,
                    Respond respond) {
  const ChannelEntry* channel = find_channel(parts, name);
  if (channel == nullptr) {
    return respond(error_response(request, {Code::kNotFound,
                                            {"no such channel: see `channels` in the configuration",
                                             "没有该通道：请查看配置中的 channels"}}));
  }
  if (request->method() != drogon::Post) {
    auto response = error_response(
        request, {Code::kInvalid,
                  {"this address takes events by POST, signed as docs/channels/generic.md says",
                   "此地址只接收 POST 事件，签名方法见 docs/channels/generic.zh.md"}});
    response->setStatusCode(drogon::k405MethodNotAllowed);
    return respond(response);
  }
  if (parts.phase != Phase::kServing) {
    return respond(error_response(
        request, {Code::kUnavailable,
                  {"ai_bot is stopping; send it again", "ai_bot 正在停止，请稍后重发"}}));
  }
  WebhookRequest incoming{request->body(),
                          [&](const char* header) { return request->getHeader(header); }, now_ms()};
  auto event = channel->channel->receive(incoming);
  if (!event) {
    parts.metrics.event(channel->config.name, "refused");
    return respond(error_response(request, event.error()));
  }
  if (parts.assistant->depth().waiting >= parts.config.database.max_pending) {
    parts.metrics.event(channel->config.name, "full");
    return respond(error_response(
        request, {Code::kUnavailable,
                  {"too many messages are waiting (database.max_pending); send it again later",
                   "等待处理的消息过多（database.max_pending），请稍后重发"}}));
  }
  auto taken = std::make_shared<Acknowledged>();
  taken->event = std::move(*event);
  taken->event.request_id = request_id_of(request);
  parts.store->write(
      [taken](Connection& connection) {
        taken->added = inbox::add(connection, taken->event);
        if (!taken->added.is_new) taken->answer = outbox::answer_to(connection, taken->added.id);
      },
      [&parts, taken, channel, request, respond = std::move(respond),
       loop = LoopBatch::of_this_thread()](const Result<void>& result) {
        if (result) return committed(parts, taken, *channel, loop, respond);
        parts.metrics.event(taken->event.channel, "failed");
        respond(error_response(request, result.error()));
      });
}

}  // namespace ai_bot
