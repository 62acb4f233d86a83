#include "api/openai.h"

#include <fmt/format.h>

#include <thread>

#include "api/chat_body.h"
#include "core/guarded.h"
#include "core/id.h"
#include "core/json.h"
#include "core/message.h"
#include "net/replies.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr milliseconds kStartPatience{10000};
constexpr milliseconds kStartInterval{20};
constexpr milliseconds kSilent{15000};
constexpr milliseconds kDrainInterval{20};
constexpr size_t kLongestConversation = 256;  // bytes of the header's value

tl::unexpected<Error> invalid(const std::string& en, const std::string& zh) {
  return fail(Code::kInvalid, en, zh);
}

std::function<bool()> gone_check(const RequestPtr& request) {
  return [request] { return request->is_gone(); };
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
  Passing(const OpenaiNeeds& needed, RequestPtr from, Respond to, const json& body)
      : needs(needed),
        request(std::move(from)),
        respond(std::move(to)),
        stream(request->stream()),
        streaming(body["stream"].get<bool>()),
        usage_wanted(wants_usage(body)) {
    ++needs.answers_under_way;
  }
  ~Passing() {
    if (!ended) guarded("openai.unanswered", [this] { finish(fail(unanswered())); });
    --needs.answers_under_way;
  }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;

  const OpenaiNeeds needs;
  const RequestPtr request;
  const Respond respond;
  const EventStreamPtr stream;
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
    if (!streaming || !begun.exchange(true)) return respond(error_response(*request, error));
    stream->send_json(error_body(error, request->language()));
    stream->close();
  }

  void begin() {
    if (!begun.exchange(true)) stream->begin();
  }
};
using PassingPtr = std::shared_ptr<Passing>;
using ChatRequestPtr = std::shared_ptr<const ChatRequest>;

// A stream whose answer takes long to begin is begun without it: the first comment of many tells
// clients and proxies that somebody is at work.
void begin_in_time(const PassingPtr& passing) {
  if (!passing->streaming) return;
  passing->request->loop().after(kSilent, "openai.begin", [weak = std::weak_ptr(passing)] {
    if (const auto still = weak.lock()) still->begin();
  });
}

// Runs `go_on` on the request's thread as soon as the model is up, at the latest after a while, in
// which case the answer will say what is wrong. A newcomer's first question must not be refused for
// coming half a second early.
void when_started(const PassingPtr& passing, const std::string& name,
                  const std::function<void()>& go_on) {
  if (!passing->needs.router.is_starting(name) || since(passing->received) > kStartPatience)
    return go_on();
  passing->request->loop().after(kStartInterval, "openai.start",
                                 [passing, name, go_on] { when_started(passing, name, go_on); });
}

// Asks the model once it is up. A model whose process died under this very request, so that nobody
// could know yet, is asked once more.
void ask(const PassingPtr& passing, const std::string& name, const ChatRequestPtr& chat,
         bool again) {
  ChatSink sink;
  sink.abandoned = gone_check(passing->request);
  sink.on_chunk = [passing](json& chunk) { passing->chunk(chunk); };
  sink.ready = [passing] { return passing->stream->ready(); };
  sink.on_end = [passing, name, chat, again](const Result<ChatEnd>& end) {
    const bool died = !end && end.error().code == Code::kUnavailable && !passing->begun &&
                      passing->needs.router.is_starting(name);
    if (!died || again) return passing->end(end);
    passing->request->loop().post("openai.again",
                                  [passing, name, chat] { ask(passing, name, chat, true); });
  };
  when_started(passing, name, [&router = passing->needs.router, name, chat, sink] {
    router.chat(name, *chat, sink);
  });
}

void pass_on(const OpenaiNeeds& needs, const RequestPtr& request, json body, Respond respond) {
  const auto passing = std::make_shared<Passing>(needs, request, std::move(respond), body);
  begin_in_time(passing);
  const std::string name = text_or(body, "model");
  body.erase("model");
  auto chat = std::make_shared<ChatRequest>();
  chat->body = std::move(body);
  chat->request_id = request->id();
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

void converse(const OpenaiNeeds& needs, const RequestPtr& request, const json& body,
              Respond respond) {
  const std::string key(request->header(kConversationHeader));
  auto said = last_said(body);
  if (said && (key.empty() || key.size() > kLongestConversation)) {
    said = invalid(
        fmt::format("{}: must have 1 to {} bytes", kConversationHeader, kLongestConversation),
        fmt::format("{}：长度必须为 1 到 {} 字节", kConversationHeader, kLongestConversation));
  }
  if (said && said->text.size() > needs.max_message) {
    said = fail(Code::kTooLarge, "the message is longer than assistant.max_message",
                "消息超过 assistant.max_message");
  }
  if (!said) return respond(error_response(*request, said.error()));

  const auto passing = std::make_shared<Passing>(needs, request, std::move(respond), body);
  begin_in_time(passing);
  const std::string id = "chatcmpl-" + random_hex(12);
  const std::string wanted = text_or(body, "model");
  Conversation conversation;
  conversation.lane = lane_key("api", key);
  conversation.text = std::move(said->text);
  conversation.images = std::move(said->images);
  conversation.model = wanted == "ai_bot" ? "" : wanted;
  conversation.request_id = request->id();
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
  needs.assistant.converse(std::move(conversation));
}

void complete(const OpenaiNeeds& needs, const RequestPtr& request, Respond respond) {
  if (needs.phase != Phase::kServing) {
    return respond(error_response(*request, {Code::kUnavailable,
                                             {"ai_bot is starting or stopping; try again",
                                              "ai_bot 正在启动或停止，请稍后重试"}}));
  }
  if (needs.answers_under_way >= needs.max_answers) {
    return respond(error_response(
        *request, {Code::kUnavailable,
                   {"too many answers are under way (server.max_answers); try again later",
                    "同时进行的回答过多（server.max_answers），请稍后重试"}}));
  }
  auto body = parse_chat_body(request->body());
  if (!body) return respond(error_response(*request, body.error()));
  if (const auto chain = needs.router.chain(text_or(*body, "model")); !chain) {
    return respond(error_response(*request, chain.error()));
  }
  if (!request->header(kConversationHeader).empty())
    return converse(needs, request, *body, std::move(respond));
  pass_on(needs, request, std::move(*body), std::move(respond));
}

Response list_models(const Router& router) {
  json list = json::array();
  for (const std::string& name : router.names()) {
    list.push_back({{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "ai_bot"}});
  }
  return json_response(200, {{"object", "list"}, {"data", list}});
}

}  // namespace

std::vector<Route> openai_routes(const OpenaiNeeds& needs) {
  const auto models = [&router = needs.router](const RequestPtr&, const Respond& respond) {
    respond(list_models(router));
  };
  return {{{Method::kPost},
           "/v1/chat/completions",
           [needs](const RequestPtr& request, Respond respond) {
             complete(needs, request, std::move(respond));
           }},
          {{Method::kGet}, "/v1/models", models}};
}

void await_answers(const std::atomic<int64_t>& under_way, SteadyTime deadline) {
  while (under_way > 0 && steady_now() < deadline) std::this_thread::sleep_for(kDrainInterval);
}

}  // namespace ai_bot
