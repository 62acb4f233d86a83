#include "app/openai_api.h"

#include <fmt/format.h>
#include <trantor/net/EventLoop.h>
#include <trantor/net/TcpConnection.h>

#include "app/chat_body.h"
#include "app/event_stream.h"
#include "core/guarded.h"
#include "core/id.h"
#include "core/json.h"
#include "core/log.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr milliseconds kStartPatience{10000};
constexpr double kStartInterval = 0.02;  // seconds
constexpr double kSilentSeconds = 15;
constexpr size_t kLongestConversation = 256;  // bytes of the header's value

tl::unexpected<Error> invalid(const std::string& en, const std::string& zh) {
  return fail(Code::kInvalid, en, zh);
}

std::function<bool()> gone_check(const drogon::HttpRequestPtr& request) {
  return [connection = request->getConnectionPtr()] {
    const auto alive = connection.lock();
    return !alive || !alive->connected();
  };
}

bool wants_usage(const json& body) {
  const auto options = body.find("stream_options");
  return options != body.end() && options->is_object() && flag_or(*options, "include_usage");
}

// For a request that nobody answered: it was dropped at a stop, or there was nothing in the answer.
Error unanswered() {
  return {Code::kUnavailable, {"no answer was made; try again", "未能生成回答，请重试"}};
}

// A request passed on to a model, its chunks passed back. Whatever becomes of it, it is answered.
struct Passing {
  Passing(Parts& running, drogon::HttpRequestPtr from, Respond to, const json& body)
      : parts(running),
        request(std::move(from)),
        respond(std::move(to)),
        stream(std::make_shared<EventStream>(request, parts.guard->of(request))),
        streaming(body["stream"].get<bool>()),
        usage_wanted(wants_usage(body)) {
    ++parts.answers_under_way;
  }
  ~Passing() {
    if (!ended) guarded("openai.unanswered", [this] { finish(fail(unanswered())); });
    --parts.answers_under_way;
  }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;

  Parts& parts;
  const drogon::HttpRequestPtr request;
  const Respond respond;
  const std::shared_ptr<EventStream> stream;
  const bool streaming;
  const bool usage_wanted;
  const SteadyTime received = steady_now();
  std::atomic<bool> begun{false};
  bool ended = false;

  void chunk(json& chunk) {
    chunk.erase("timings");  // llama-server's own; not in OpenAI's shape
    if (!streaming) {
      ended = true;
      return respond(json_response(200, chunk));
    }
    const bool only_usage = chunk.contains("choices") && chunk["choices"].empty();
    if (only_usage && !usage_wanted) return;
    begin();
    stream->send_json(chunk);
  }

  void end(const Result<ChatEnd>& result) {
    // A whole answer was sent as the one chunk it came in; with none, ~Passing says so.
    if (!ended && (streaming || !result)) finish(result);
  }

  void finish(const Result<ChatEnd>& result) {
    ended = true;
    if (result) {
      begin();
      stream->send_data("[DONE]");
      return stream->close();
    }
    Error error = result.error();
    // Whoever reads this did not leave: it was a stop of ours that ended the answer.
    if (error.code == Code::kCancelled) error.code = Code::kUnavailable;
    if (!streaming || !begun.exchange(true)) return respond(error_response(request, error));
    stream->send_json(error_body(error, language_of(request)));
    stream->close();
  }

  void begin() {
    if (begun.exchange(true)) return;
    stream->begin(respond);
    if (!stream->is_drogons())
      parts.metrics.http_request("/v1/chat/completions", "POST", 200,
                                 static_cast<double>(since(received).count()) / 1000);
  }
};
using PassingPtr = std::shared_ptr<Passing>;
using ChatRequestPtr = std::shared_ptr<const ChatRequest>;

// A stream whose answer takes long to begin is begun without it: the first comment of many tells
// clients and proxies that somebody is at work.
void begin_in_time(const PassingPtr& passing) {
  if (!passing->streaming) return;
  const auto begin = [weak = std::weak_ptr(passing)] {
    if (const auto still = weak.lock()) guarded("openai.begin", [&] { still->begin(); });
  };
  trantor::EventLoop::getEventLoopOfCurrentThread()->runAfter(kSilentSeconds, begin);
}

// Runs `go_on` on this HTTP thread as soon as the model is up, at the latest after a while, in
// which case the answer will say what is wrong. A newcomer's first question must not be refused for
// coming half a second early.
void when_started(Parts& parts, const std::string& name, SteadyTime begun,
                  const std::function<void()>& go_on) {
  if (!parts.router->is_starting(name) || since(begun) > kStartPatience) return go_on();
  trantor::EventLoop::getEventLoopOfCurrentThread()->runAfter(
      kStartInterval, [&parts, name, begun, go_on] {
        guarded("openai.start", [&] { when_started(parts, name, begun, go_on); });
      });
}

// Asks the model once it is up. A model whose process died under this very request, so that nobody
// could know yet, is asked once more.
void ask(const PassingPtr& passing, const std::string& name, const ChatRequestPtr& chat,
         bool again) {
  ChatSink sink;
  sink.abandoned = gone_check(passing->request);
  sink.on_chunk = [passing](json& chunk) { passing->chunk(chunk); };
  sink.ready = [passing] { return passing->stream->ready(); };
  sink.on_end =
      [passing, name, chat, again,
       loop = trantor::EventLoop::getEventLoopOfCurrentThread()](const Result<ChatEnd>& end) {
        const bool died = !end && end.error().code == Code::kUnavailable && !passing->begun &&
                          passing->parts.router->is_starting(name);
        if (!died || again) return passing->end(end);
        loop->queueInLoop([passing, name, chat] {
          guarded("openai.again", [&] { ask(passing, name, chat, true); });
        });
      };
  Router& router = *passing->parts.router;
  when_started(passing->parts, name, passing->received,
               [&router, name, chat, sink] { router.chat(name, *chat, sink); });
}

void pass_on(Parts& parts, const drogon::HttpRequestPtr& request, json body, Respond respond) {
  const auto passing = std::make_shared<Passing>(parts, request, std::move(respond), body);
  begin_in_time(passing);
  const std::string name = text_or(body, "model");
  body.erase("model");
  auto chat = std::make_shared<ChatRequest>();
  chat->body = std::move(body);
  chat->request_id = request_id_of(request);
  ask(passing, name, chat, false);
}

// The shape of our own answers (a conversation's), as chunks or whole.
json completion(const std::string& id, const std::string& model, bool chunk) {
  return {{"id", id},
          {"object", chunk ? "chat.completion.chunk" : "chat.completion"},
          {"created", now_ms() / 1000},
          {"model", model}};
}

json choice(bool chunk, const json& content, const json& finish) {
  return json::array({{{"index", 0},
                       {chunk ? "delta" : "message", content},
                       {"finish_reason", finish},
                       {"logprobs", nullptr}}});
}

json usage_of(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

Result<std::string> last_user_text(const json& body) {
  const json& last = body["messages"].back();
  if (last["role"] != "user" || !last.contains("content") || !last["content"].is_string()) {
    return invalid("messages: in a conversation the last one must be of the user, and a text",
                   "messages：会话中最后一条必须是用户的文本消息");
  }
  return last["content"].get<std::string>();
}

void converse(Parts& parts, const drogon::HttpRequestPtr& request, const json& body,
              Respond respond) {
  const std::string key = request->getHeader(kConversationHeader);
  auto text = last_user_text(body);
  if (text && (key.empty() || key.size() > kLongestConversation)) {
    text = invalid(
        fmt::format("{}: must have 1 to {} bytes", kConversationHeader, kLongestConversation),
        fmt::format("{}：长度必须为 1 到 {} 字节", kConversationHeader, kLongestConversation));
  }
  if (text && text->size() > static_cast<size_t>(parts.config.assistant.max_message.count)) {
    text = fail(Code::kTooLarge, "the message is longer than assistant.max_message",
                "消息超过 assistant.max_message");
  }
  if (!text) return respond(error_response(request, text.error()));

  const auto passing = std::make_shared<Passing>(parts, request, std::move(respond), body);
  begin_in_time(passing);
  const std::string id = "chatcmpl-" + random_hex(12);
  const std::string wanted = text_or(body, "model");
  Conversation conversation;
  conversation.lane = lane_key("api", key);
  conversation.text = std::move(*text);
  conversation.model = wanted == "ai_bot" ? "" : wanted;
  conversation.request_id = request_id_of(request);
  conversation.abandoned = gone_check(request);
  conversation.ready = [passing] { return passing->stream->ready(); };
  if (passing->streaming) {
    conversation.on_delta = [passing, id, wanted](std::string_view delta) {
      json chunk = completion(id, wanted, true);
      chunk["choices"] = choice(true, {{"role", "assistant"}, {"content", delta}}, nullptr);
      passing->chunk(chunk);
    };
  }
  conversation.on_end = [passing, id](Result<std::string> answer, const ChatEnd& end) {
    if (!answer) return passing->end(fail(answer.error()));
    json whole = completion(id, end.model, passing->streaming);
    if (passing->streaming) {
      whole["choices"] = choice(true, json::object(), "stop");
      passing->chunk(whole);
      whole["choices"] = json::array();
    } else {
      whole["choices"] = choice(false, {{"role", "assistant"}, {"content", *answer}}, "stop");
    }
    whole["usage"] = usage_of(end.usage);
    passing->chunk(whole);
    passing->end(end);
  };
  parts.assistant->converse(std::move(conversation));
}

}  // namespace

void handle_chat_completions(Parts& parts, const drogon::HttpRequestPtr& request, Respond respond) {
  if (parts.phase != Phase::kServing) {
    return respond(error_response(request, {Code::kUnavailable,
                                            {"ai_bot is starting or stopping; try again",
                                             "ai_bot 正在启动或停止，请稍后重试"}}));
  }
  if (parts.answers_under_way >= parts.config.server.max_answers) {
    return respond(error_response(
        request, {Code::kUnavailable,
                  {"too many answers are under way (server.max_answers); try again later",
                   "同时进行的回答过多（server.max_answers），请稍后重试"}}));
  }
  auto body = parse_chat_body(request->body());
  if (!body) return respond(error_response(request, body.error()));
  if (const auto chain = parts.router->chain(text_or(*body, "model")); !chain) {
    return respond(error_response(request, chain.error()));
  }
  if (!request->getHeader(kConversationHeader).empty())
    return converse(parts, request, *body, std::move(respond));
  pass_on(parts, request, std::move(*body), std::move(respond));
}

void handle_models(Parts& parts, Respond respond) {
  json list = json::array();
  for (const std::string& name : parts.router->names()) {
    list.push_back({{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "ai_bot"}});
  }
  respond(json_response(200, {{"object", "list"}, {"data", list}}));
}

}  // namespace ai_bot
