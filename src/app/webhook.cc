#include "app/webhook.h"

#include "app/intake.h"
#include "app/loop_batch.h"
#include "core/log.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// Without a name: the default channel.
const ChannelEntry* addressed(const Parts& parts, const std::string& name) {
  if (!name.empty()) return find_channel(parts.channels, name);
  for (const auto& [key, entry] : parts.channels) {
    if (entry.config.is_default) return &entry;
  }
  return nullptr;
}

json event_body(const Event& event, const char* status) {
  return {{"event_id", event.event_id}, {"status", status}};
}

// A response that is sent once: by the answer or by the deadline, whichever comes first.
void answer_in_response(Parts& parts, const TakenInPtr& taken, const ChannelConfig& config,
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

drogon::HttpResponsePtr response_of(const WebhookAnswer& answer) {
  auto response = drogon::HttpResponse::newHttpResponse();
  response->setStatusCode(static_cast<drogon::HttpStatusCode>(answer.status));
  response->setContentTypeString(answer.type);
  response->setBody(answer.body);
  return response;
}

drogon::HttpResponsePtr refuse_method(const drogon::HttpRequestPtr& request) {
  auto response = error_response(
      request, {Code::kInvalid,
                {"this address takes events by POST; see docs/channels/ for each platform",
                 "此地址只接收 POST 事件；各平台说明见 docs/channels/"}});
  response->setStatusCode(drogon::k405MethodNotAllowed);
  return response;
}

}  // namespace

void handle_webhook(Parts& parts, const drogon::HttpRequestPtr& request, const std::string& name,
                    Respond respond) {
  const ChannelEntry* channel = addressed(parts, name);
  if (channel == nullptr) {
    return respond(error_response(request, {Code::kNotFound,
                                            {"no such channel: see `channels` in the configuration",
                                             "没有该通道：请查看配置中的 channels"}}));
  }
  if (channel->config.mode == "connect") {
    return respond(
        error_response(request, {Code::kNotFound,
                                 {"this channel has mode: connect and takes nothing here",
                                  "该通道使用 mode: connect，不在此接收消息"}}));
  }
  const bool by_get = request->method() != drogon::Post;
  // WeCom verifies an address by GET.
  if (by_get && channel->config.type != "wecom") return respond(refuse_method(request));
  if (auto may = may_take_in(parts, *channel); !may)
    return respond(error_response(request, may.error()));
  WebhookRequest incoming;
  incoming.body = request->body();
  incoming.header = [&](const char* header) { return request->getHeader(header); };
  incoming.now_ms = now_ms();
  incoming.method = by_get ? "GET" : "POST";
  incoming.query = [&](const char* key) { return request->getParameter(key); };
  incoming.self = channel->access->identity();
  auto reading = channel->channel->receive(incoming);
  if (!reading) {
    parts.metrics.event(channel->config.name, "refused");
    // It is authentic, and the platform hears only a status.
    if (reading.error().code == Code::kInvalid && channel->config.type != "generic")
      log::warning("event.refused", reading.error().text.en,
                   {{"ai_bot.channel", channel->config.name}});
    return respond(error_response(request, reading.error()));
  }
  if (!reading->event) {
    note_ignored(parts, *channel, *reading);
    return respond(response_of(reading->answer));
  }
  reading->event->request_id = request_id_of(request);
  // The generic channel tells what became of an event; a platform only wants its acknowledgement.
  const bool is_platform = channel->config.type != "generic";
  const bool held = channel->channel->holds_replies();
  take_in(parts, *channel, std::move(*reading->event),
          [&parts, channel, request, respond = std::move(respond), is_platform, held,
           answer = std::move(reading->answer), loop = LoopBatch::of_this_thread()](
              const TakenInPtr& taken, const Result<void>& result) mutable {
            if (!result) return respond(error_response(request, result.error()));
            if (held) answer_in_response(parts, taken, channel->config, loop->loop(), respond);
            loop->add([&parts, taken, held, is_platform, answer = std::move(answer),
                       respond = std::move(respond)] {
              note_taken_in(parts, *taken);
              if (held) return;
              const char* status = taken->added.is_new ? "accepted" : "duplicate";
              respond(is_platform ? response_of(answer)
                                  : json_response(200, event_body(taken->event, status)));
            });
          });
}

}  // namespace ai_bot
