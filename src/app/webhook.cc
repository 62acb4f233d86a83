#include "app/webhook.h"

#include "app/intake.h"
#include "app/loop_batch.h"
#include "core/guarded.h"
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

json event_body(const std::string& event_id, const char* status) {
  return {{"event_id", event_id}, {"status", status}};
}

// A response that is sent once: by the answer or by the deadline, whichever comes first, or by
// nobody when the client is gone. Whoever is first takes it, and with it the connection it holds.
class OneResponse {
 public:
  explicit OneResponse(Respond respond) : respond_(std::move(respond)) {}

  void send(const drogon::HttpResponsePtr& response) {
    if (const Respond respond = take()) respond(response);
  }
  void drop() { take(); }

 private:
  Respond take() {
    std::lock_guard lock(mutex_);
    return std::exchange(respond_, nullptr);
  }

  std::mutex mutex_;
  Respond respond_;
};

void answer_in_response(Parts& parts, const TakenInPtr& taken, const ChannelConfig& config,
                        const GuardedConnectionPtr& connection, Respond respond) {
  const auto answered = [event_id = taken->event.event_id](const Waiters::Answer& answer) {
    json body = event_body(event_id, answer.postponed ? "postponed" : "answered");
    body["text"] = answer.text;
    return json_response(answer.postponed ? 202 : 200, body);
  };
  if (taken->answer) return respond(answered({*taken->answer}));
  const int64_t id = taken->added.id;
  const auto one = std::make_shared<OneResponse>(std::move(respond));
  const int64_t ticket = parts.waiters.wait(
      id, [one, answered](const Waiters::Answer& answer) { one->send(answered(answer)); });
  const double deadline = static_cast<double>(config.sync_deadline.count()) / 1000;
  const auto late = [&parts, id, ticket, one, event_id = taken->event.event_id] {
    if (!parts.waiters.leave(id, ticket)) return;
    guarded("webhook.deadline",
            [&] { one->send(json_response(202, event_body(event_id, "accepted"))); });
  };
  // On the connection's own thread, where its end is told too.
  connection->loop()->queueInLoop([&parts, id, ticket, one, deadline, late, connection] {
    connection->loop()->runAfter(deadline, late);
    connection->on_gone([&parts, id, ticket, one] {
      parts.waiters.leave(id, ticket);
      one->drop();
    });
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

drogon::HttpResponsePtr no_such_channel(const drogon::HttpRequestPtr& request) {
  return error_response(request, {Code::kNotFound,
                                  {"no such channel: see `channels` in the configuration",
                                   "没有该通道：请查看配置中的 channels"}});
}

void handle_webhook(Parts& parts, const drogon::HttpRequestPtr& request, const std::string& name,
                    Respond respond) {
  const ChannelEntry* channel = addressed(parts, name);
  if (channel == nullptr) return respond(no_such_channel(request));
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
           answer = std::move(reading->answer), loop = LoopBatch::of_this_thread(),
           connection = held ? parts.guard->of(request) : nullptr](
              const TakenInPtr& taken, const Result<void>& result) mutable {
            if (!result) return respond(error_response(request, result.error()));
            if (held && connection)
              answer_in_response(parts, taken, channel->config, connection, std::move(respond));
            loop->add([&parts, taken, held, is_platform, answer = std::move(answer),
                       respond = std::move(respond)] {
              note_taken_in(parts, *taken);
              if (held) return;
              const char* status = taken->added.is_new ? "accepted" : "duplicate";
              respond(is_platform ? response_of(answer)
                                  : json_response(200, event_body(taken->event.event_id, status)));
            });
          });
}

}  // namespace ai_bot
