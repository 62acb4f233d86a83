#include "models/openai_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json.h"
#include "core/redact.h"
#include "core/utf8.h"
#include "models/tokens.h"
#include "net/sse_reader.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr size_t kLongestQuotedError = 300;     // bytes of a foreign message that go into ours
constexpr size_t kLongestErrorRead = 64 << 10;  // bytes of one that are looked at for secrets
constexpr milliseconds kStartPause{1000};       // before an endpoint that is loading is asked again

// One answer on its way.
struct Answer {
  explicit Answer(ChatSink to) : sink(std::move(to)) {}

  ChatSink sink;
  std::shared_ptr<void> lease;
  ChatEnd end;
  SteadyTime started = steady_now();
  bool is_local = false;
  bool complete = false;
  bool progressed = false;
  std::optional<Error> failure;

  void take(std::string_view data) {
    if (data == "[DONE]") {
      complete = true;
      return;
    }
    json chunk = parse_json(data);
    if (!chunk.is_object()) {
      failure = Error{Code::kUnavailable,
                      {"the model sent something that is not JSON", "模型返回的内容不是 JSON"}};
      return;
    }
    if (const auto error = chunk.find("error"); error != chunk.end() && says_something(*error)) {
      failure = error_of_object(*error, 500, is_local);
      return;
    }
    note_usage(chunk);
    if (!progressed && has_progress(chunk)) {
      progressed = true;
      end.first_token = since(started);
    }
    sink.on_chunk(chunk);
  }

  // Some send "error": null, or an empty one, with every good chunk.
  static bool says_something(const json& error) {
    return error.is_string() ? !error.get_ref<const std::string&>().empty()
                             : error.is_object() && !error.empty();
  }

  void note_usage(const json& chunk) {
    const auto usage = chunk.find("usage");
    if (usage == chunk.end() || !usage->is_object()) return;
    end.usage = {number_or(*usage, "prompt_tokens"), number_or(*usage, "completion_tokens")};
  }

  static Error error_of_object(const json& error, int status, bool is_local) {
    std::string message, kind;
    if (error.is_string()) message = error.get<std::string>();
    if (error.is_object()) {
      message = text_or(error, "message");
      kind = text_or(error, "type") + text_or(error, "code");
      if (status == 500) status = static_cast<int>(number_or(error, "code", status));
    }
    // Before the cut: half a secret is known by nobody.
    message = truncate_utf8(redacted(std::string_view(message).substr(0, kLongestErrorRead)),
                            kLongestQuotedError);
    Error result = classify(status, kind, message);
    if (status == 500 && result.code == Code::kUnavailable &&
        (is_local || blames_the_request(message))) {
      result.code = Code::kInvalid;
    }
    if (status == 503 && message.find("oading model") != std::string::npos)
      result.retry_after = kStartPause;  // llama-server's word for "starting"
    return result;
  }

  // llama-server says 500 to much that is wrong with the request itself: an image for a model that
  // reads text, tools, schemas and templates it can't use. That one asker's request must not count
  // against the model. (Our own engine: whatever it still can say of itself is about the request;
  // when it is broken it says nothing, and is started again.)
  static bool blames_the_request(const std::string& message) {
    constexpr std::string_view kWords[] = {"not supported", "nsupported", "nvalid",      "must be",
                                           "requires",      "parse",      "grammar",     "schema",
                                           "emplate",       "type_error", "out_of_range"};
    return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view word) {
      return message.find(word) != std::string::npos;
    });
  }

  static Error classify(int status, const std::string& kind, const std::string& message) {
    const auto error = [&](Code code) {
      return Error{code,
                   {fmt::format("the model's endpoint answered {}: {}", status, message),
                    fmt::format("模型接口返回 {}：{}", status, message)}};
    };
    // llama-server's type and OpenAI's code for a prompt longer than the context.
    if (kind.find("exceed_context_size") != std::string::npos ||
        kind.find("context_length_exceeded") != std::string::npos) {
      return error(Code::kContextOverflow);
    }
    switch (status) {
      case 401:
      case 402:  // no credit left
        return error(Code::kUnauthorized);
      case 404:
      case 410:
        return error(Code::kNotFound);
      case 429:
        return error(Code::kRateLimited);
      default:
        // This request is refused; another, or another endpoint, may do.
        return error((status / 100 == 4 && !is_passing(status)) || status == 501
                         ? Code::kInvalid
                         : Code::kUnavailable);
    }
  }
};

HttpRequest http_request(const ModelConfig& config, const Endpoint& endpoint, ChatRequest& request,
                         bool streaming) {
  request.body["model"] = config.model;
  add_images(request.body, request.images);
  if (streaming) {
    json& options = request.body["stream_options"];
    if (!options.is_object()) options = json::object();
    options["include_usage"] = true;
  }
  HttpRequest http;
  http.method = "POST";
  http.url = endpoint.base_url + "/chat/completions";
  http.unix_socket = endpoint.unix_socket;
  http.proxy = config.proxy;
  http.headers = {{"Content-Type", "application/json"}, {"X-Request-Id", request.request_id}};
  if (!config.api_key.empty())
    http.headers.emplace_back("Authorization", "Bearer " + config.api_key.reveal());
  http.body = request.body.dump(-1, ' ', false, json::error_handler_t::replace);
  http.timeouts = {config.connect_timeout,
                   streaming ? config.first_token_timeout : config.total_timeout,
                   config.between_tokens_timeout, config.total_timeout};
  return http;
}

}  // namespace

Error error_of_reply(const HttpReply& reply, bool is_local) {
  const json body = parse_json(reply.body);
  Error error = body.is_object() && body.contains("error")
                    ? Answer::error_of_object(body["error"], reply.status, is_local)
                    : Answer::classify(
                          reply.status, "",
                          std::string(truncate_utf8(
                              redacted(std::string_view(reply.body).substr(0, kLongestErrorRead)),
                              kLongestQuotedError)));
  if (const auto pause = retry_after(reply)) error.retry_after = pause;
  return error;
}

namespace {

// What the transport says, as seen by who asks a model: an address that can't be used or a reply
// beyond measure is not the asker's mistake.
Error error_of_transport(Error error) {
  if (error.code == Code::kInvalid || error.code == Code::kTooLarge)
    error.code = Code::kUnavailable;
  return error;
}

}  // namespace

void send_chat(HttpClient& http, const ModelConfig& config, Endpoint endpoint, ChatRequest request,
               ChatSink sink) {
  const bool streaming = flag_or(request.body, "stream");
  auto answer = std::make_shared<Answer>(std::move(sink));
  answer->lease = std::move(endpoint.lease);
  answer->end.model = config.name;
  answer->is_local = !endpoint.unix_socket.empty();
  HttpStream stream;
  stream.abandoned = answer->sink.abandoned;
  stream.ready = answer->sink.ready;
  if (streaming) {
    auto reader = std::make_shared<SseReader>([raw = answer.get()](std::string_view data) {
      if (!raw->failure) raw->take(data);
    });
    stream.on_data = [answer, reader](std::string_view bytes) {
      const bool before = answer->progressed;
      if (!reader->feed(bytes) && !answer->failure) {
        answer->failure =
            Error{Code::kUnavailable, {"the model sent an endless event", "模型返回了过长的事件"}};
      }
      if (answer->failure) return Received::kAbort;
      // Until the first of the answer, anything else (a role, a ping) does not count as progress.
      return before || answer->progressed ? Received::kProgress : Received::kNoise;
    };
  }
  stream.on_done = [answer, streaming](Result<HttpReply> reply) {
    answer->lease.reset();
    answer->end.total = since(answer->started);
    if (answer->failure) return answer->sink.on_end(fail(*answer->failure));
    if (!reply) return answer->sink.on_end(fail(error_of_transport(reply.error())));
    if (reply->status != 200)
      return answer->sink.on_end(fail(error_of_reply(*reply, answer->is_local)));
    if (!streaming) {
      answer->take(reply->body);
      answer->end.first_token = answer->end.total;
      if (answer->failure) return answer->sink.on_end(fail(*answer->failure));
    } else if (!answer->complete) {
      return answer->sink.on_end(
          fail(Code::kUnavailable, "the model's answer broke off", "模型的回答中断了"));
    }
    answer->sink.on_end(std::move(answer->end));
  };
  HttpRequest http_message = http_request(config, endpoint, request, streaming);
  http.start(std::move(http_message), std::move(stream));
}

void RemoteModel::chat(ChatRequest request, ChatSink sink) {
  std::string base = config_.base_url;
  while (base.ends_with('/')) base.pop_back();
  send_as_seen(vision_, config_.name, std::move(request), std::move(sink),
               [&http = http_, config = config_, base](ChatRequest asked, ChatSink to) {
                 send_chat(http, config, {base, "", nullptr}, std::move(asked), std::move(to));
               });
}

void RemoteModel::count_tokens(std::vector<std::string> texts, Counted then) {
  then(estimate_tokens(texts));
}

ModelStatus RemoteModel::status() const { return {ModelState::kReady, config_.base_url, "", 0, 0}; }

}  // namespace ai_bot
