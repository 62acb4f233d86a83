#include "models/openai_client.h"

#include <fmt/format.h>

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

// One answer on its way.
struct Answer {
  explicit Answer(ChatSink to) : sink(std::move(to)) {}

  ChatSink sink;
  std::shared_ptr<void> lease;
  ChatEnd end;
  SteadyTime started = steady_now();
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
    if (const auto error = chunk.find("error"); error != chunk.end()) {
      failure = error_of_object(*error, 500);
      return;
    }
    note_usage(chunk);
    if (!delta_text(chunk).empty() && !progressed) {
      progressed = true;
      end.first_token = since(started);
    }
    sink.on_chunk(chunk);
  }

  void note_usage(const json& chunk) {
    const auto usage = chunk.find("usage");
    if (usage == chunk.end() || !usage->is_object()) return;
    end.usage = {number_or(*usage, "prompt_tokens"), number_or(*usage, "completion_tokens")};
  }

  static Error error_of_object(const json& error, int status) {
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
    return classify(status, kind, message);
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
      case 400:
      case 413:
      case 422:
        return error(Code::kInvalid);
      case 401:
      case 403:
        return error(Code::kUnauthorized);
      case 404:
        return error(Code::kNotFound);
      case 429:
        return error(Code::kRateLimited);
      default:
        return error(Code::kUnavailable);
    }
  }
};

HttpRequest http_request(const ModelConfig& config, const Endpoint& endpoint, ChatRequest& request,
                         bool streaming) {
  request.body["model"] = config.model;
  if (streaming) request.body["stream_options"]["include_usage"] = true;
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

Error error_of_reply(const HttpReply& reply) {
  const json body = parse_json(reply.body);
  Error error = body.is_object() && body.contains("error")
                    ? Answer::error_of_object(body["error"], reply.status)
                    : Answer::classify(
                          reply.status, "",
                          std::string(truncate_utf8(
                              redacted(std::string_view(reply.body).substr(0, kLongestErrorRead)),
                              kLongestQuotedError)));
  error.retry_after = retry_after(reply);
  return error;
}

void send_chat(HttpClient& http, const ModelConfig& config, Endpoint endpoint, ChatRequest request,
               ChatSink sink) {
  const bool streaming = flag_or(request.body, "stream");
  auto answer = std::make_shared<Answer>(std::move(sink));
  answer->lease = std::move(endpoint.lease);
  answer->end.model = config.name;
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
      // Until the first token, anything else (a role, a ping) does not count as progress.
      return before || answer->progressed ? Received::kProgress : Received::kNoise;
    };
  }
  stream.on_done = [answer, streaming](Result<HttpReply> reply) {
    answer->lease.reset();
    answer->end.total = since(answer->started);
    if (answer->failure) return answer->sink.on_end(fail(*answer->failure));
    if (!reply) return answer->sink.on_end(fail(reply.error()));
    if (reply->status != 200) return answer->sink.on_end(fail(error_of_reply(*reply)));
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
  send_chat(http_, config_, {base, "", nullptr}, std::move(request), std::move(sink));
}

int RemoteModel::count_tokens(const std::string& text) { return estimate_tokens(text); }

ModelStatus RemoteModel::status() const { return {ModelState::kReady, config_.base_url, "", 0, 0}; }

}  // namespace ai_bot
