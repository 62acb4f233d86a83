#include "api/webhook.h"

#include <mutex>

#include "channels/signing.h"
#include "core/log.h"
#include "net/loop_batch.h"
#include "net/replies.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// Without a name: the default channel.
const ChannelEntry* addressed(const ChannelMap& channels, const std::string& name) {
  if (!name.empty()) return channels.find(name);
  for (const ChannelEntry* entry : channels.all()) {
    if (entry->config.is_default) return entry;
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

  void send(Response response) {
    if (const Respond respond = take()) respond(std::move(response));
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

void answer_in_response(Waiters& waiters, const TakenInPtr& taken, const ChannelConfig& config,
                        const RequestPtr& request, Respond respond) {
  const auto answered = [event_id = taken->event.event_id](const Waiters::Answer& answer) {
    json body = event_body(event_id, answer.postponed ? "postponed" : "answered");
    body["text"] = answer.text;
    return json_response(answer.postponed ? 202 : 200, body);
  };
  if (taken->answer) return respond(answered({*taken->answer}));
  const int64_t id = taken->added.id;
  const auto one = std::make_shared<OneResponse>(std::move(respond));
  const int64_t ticket = waiters.wait(
      id, [one, answered](const Waiters::Answer& answer) { one->send(answered(answer)); });
  const auto late = [&waiters, id, ticket, one, event_id = taken->event.event_id] {
    if (!waiters.leave(id, ticket)) return;
    one->send(json_response(202, event_body(event_id, "accepted")));
  };
  // On the connection's own thread, where its end is told too.
  request->loop().post("webhook.wait",
                       [&waiters, id, ticket, one, late, request, deadline = config.sync_deadline] {
                         request->loop().after(deadline, "webhook.deadline", late);
                         request->on_gone([&waiters, id, ticket, one] {
                           waiters.leave(id, ticket);
                           one->drop();
                         });
                       });
}

Response response_of(const WebhookAnswer& answer) {
  return {answer.status, answer.body, answer.type};
}

Response refuse_method(const Request& request) {
  Response response = error_response(
      request, {Code::kInvalid,
                {"this address takes events by POST; see docs/channels/ for each platform",
                 "此地址只接收 POST 事件；各平台说明见 docs/channels/"}});
  response.status = 405;
  return response;
}

Response no_such_channel(const Request& request) {
  return error_response(request, {Code::kNotFound,
                                  {"no such channel: see `channels` in the configuration",
                                   "没有该通道：请查看配置中的 channels"}});
}

WebhookRequest incoming_of(const Request& request, const ChannelEntry& channel) {
  WebhookRequest incoming;
  incoming.body = request.body();
  incoming.header = [&request](const char* name) { return std::string(request.header(name)); };
  incoming.now_ms = now_ms();
  incoming.method = name_of(request.method());
  incoming.query = [&request](const char* key) { return std::string(request.query(key)); };
  incoming.self = channel.access->identity();
  return incoming;
}

void take_in(const WebhookNeeds& needs, const ChannelEntry& channel, Reading reading,
             const RequestPtr& request, Respond respond) {
  reading.event->request_id = request->id();
  // The generic channel tells what became of an event; a platform only wants its acknowledgement.
  const bool is_platform = channel.config.type != "generic";
  const bool held = channel.channel->holds_replies();
  needs.intake.take_in(
      channel, std::move(*reading.event),
      [needs, &channel, request, respond = std::move(respond), is_platform, held,
       answer = std::move(reading.answer), loop = LoopBatch::of_this_thread()](
          const TakenInPtr& taken, const Result<void>& result) mutable {
        if (!result) return respond(error_response(*request, result.error()));
        if (held) {
          answer_in_response(needs.waiters, taken, channel.config, request, std::move(respond));
          return loop->add([&intake = needs.intake, taken] { intake.note_taken_in(*taken); });
        }
        loop->add([&intake = needs.intake, taken, is_platform, answer = std::move(answer),
                   respond = std::move(respond)] {
          intake.note_taken_in(*taken);
          const char* status = taken->added.is_new ? "accepted" : "duplicate";
          respond(is_platform ? response_of(answer)
                              : json_response(200, event_body(taken->event.event_id, status)));
        });
      });
}

void receive(const WebhookNeeds& needs, const std::string& name, const RequestPtr& request,
             Respond respond) {
  const ChannelEntry* channel = addressed(needs.channels, name);
  if (channel == nullptr) return respond(no_such_channel(*request));
  if (channel->config.mode == "connect") {
    return respond(
        error_response(*request, {Code::kNotFound,
                                  {"this channel has mode: connect and takes nothing here",
                                   "该通道使用 mode: connect，不在此接收消息"}}));
  }
  // WeCom verifies an address by GET.
  if (request->method() == Method::kGet && channel->config.type != "wecom")
    return respond(refuse_method(*request));
  if (auto may = needs.intake.may_take_in(*channel); !may)
    return respond(error_response(*request, may.error()));
  auto reading = channel->channel->receive(incoming_of(*request, *channel));
  if (!reading && reading.error().code == Code::kUnauthorized) {
    needs.metrics.event(channel->config.name, "refused");
    Intake::note_refused(*channel, reading.error().text);
    // The same to everybody, whatever was wrong.
    return respond(error_response(*request, refused_signature().value()));
  }
  Intake::note_authentic(*channel);
  if (!reading) {
    needs.metrics.event(channel->config.name, "refused");
    // It is authentic, and the platform hears only a status.
    if (reading.error().code == Code::kInvalid && channel->config.type != "generic")
      log::warning("event.refused", reading.error().text.en,
                   {{"ai_bot.channel", channel->config.name}});
    return respond(error_response(*request, reading.error()));
  }
  if (reading->event) {
    return take_in(needs, *channel, std::move(*reading), request, std::move(respond));
  }
  needs.intake.note_ignored(*channel, *reading);
  respond(response_of(reading->answer));
}

}  // namespace

std::vector<Route> webhook_routes(const WebhookNeeds& needs) {
  const std::vector<Method> methods{Method::kPost, Method::kGet};
  const auto named = [needs](const RequestPtr& request, Respond respond) {
    const std::string_view path = request->path();
    receive(needs, std::string(path.substr(path.rfind('/') + 1)), request, std::move(respond));
  };
  const auto unnamed = [needs](const RequestPtr& request, Respond respond) {
    receive(needs, "", request, std::move(respond));
  };
  return {{methods, "/api/webhook/{channel}", named, /*from_browsers=*/false},
          {methods, "/api/webhook", unnamed, /*from_browsers=*/false}};
}

}  // namespace ai_bot
