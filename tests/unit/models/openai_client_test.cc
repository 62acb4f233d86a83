#include "models/openai_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "support/socket_server.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using nlohmann::json;
using test::Answering;
using test::SocketServer;

ModelConfig config(const std::string& url) {
  ModelConfig config;
  config.name = "remote";
  config.base_url = url + "/v1/";
  config.model = "big-1";
  config.api_key = Secret("the-key");
  return config;
}

struct Answered {
  std::string text;
  std::vector<json> chunks;
  Result<ChatEnd> end = fail(Code::kInternal, "", "");
};

Answered ask(Model& model, bool stream = true, std::function<bool()> abandoned = nullptr) {
  Answered answered;
  std::promise<void> done;
  ChatRequest request;
  request.body = {{"stream", stream}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}};
  request.request_id = "request-1";
  ChatSink sink;
  sink.abandoned = std::move(abandoned);
  sink.on_chunk = [&](json& chunk) {
    answered.text += delta_text(chunk);
    answered.chunks.push_back(chunk);
  };
  sink.on_end = [&](Result<ChatEnd> end) {
    answered.end = std::move(end);
    done.set_value();
  };
  model.chat(std::move(request), std::move(sink));
  done.get_future().wait();
  return answered;
}

std::string chunk(const std::string& text) {
  return "data: " +
         json{{"object", "chat.completion.chunk"}, {"choices", {{{"delta", {{"content", text}}}}}}}
             .dump() +
         "\n\n";
}

constexpr const char* kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";
constexpr const char* kDone = "data: [DONE]\n\n";

TEST(OpenAiClient, StreamsAnAnswerAndCountsItsTokens) {
  SocketServer server([](const auto&, Answering& a) {
    a.begin_events();
    for (const std::string& piece :
         {chunk("你"), chunk("好"), std::string(kUsage), std::string(kDone)})
      a.send(piece);
  });
  HttpClient http;
  RemoteModel model(config(server.url()), http);
  const Answered answered = ask(model);
  ASSERT_TRUE(answered.end) << answered.end.error().text.en;
  EXPECT_EQ(answered.text, "你好");
  EXPECT_EQ(answered.end->model, "remote");
  EXPECT_EQ(answered.end->usage.prompt_tokens, 5);
  EXPECT_EQ(answered.end->usage.completion_tokens, 2);

  const auto got = server.received().at(0);
  EXPECT_EQ(got.line, "POST /v1/chat/completions HTTP/1.1");
  EXPECT_EQ(got.headers.at("authorization"), "Bearer the-key");
  EXPECT_EQ(got.headers.at("x-request-id"), "request-1");
  const json body = json::parse(got.body);
  EXPECT_EQ(body["model"], "big-1");
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["stream_options"]["include_usage"], true);
  EXPECT_EQ(body["messages"][0]["content"], "hi");
}

TEST(OpenAiClient, TakesAWholeAnswerToo) {
  SocketServer server([](const auto&, Answering& a) {
    a.reply(
        200,
        R"({"object":"chat.completion","choices":[{"message":{"content":"hello"}}],"usage":{"prompt_tokens":1,"completion_tokens":3}})");
  });
  HttpClient http;
  RemoteModel model(config(server.url()), http);
  const Answered answered = ask(model, /*stream=*/false);
  ASSERT_TRUE(answered.end);
  EXPECT_EQ(answered.chunks.at(0)["choices"][0]["message"]["content"], "hello");
  EXPECT_EQ(answered.end->usage.completion_tokens, 3);
  EXPECT_EQ(answered.end->first_token, answered.end->total);
}

struct Refusal {
  const char* name;
  int status;
  const char* body;
  Code code;
};
class Refusals : public testing::TestWithParam<Refusal> {};

TEST_P(Refusals, AreToldApart) {
  SocketServer server([](const auto&, Answering& a) {
    a.reply(GetParam().status, GetParam().body, "Retry-After: 3\r\n");
  });
  HttpClient http;
  RemoteModel model(config(server.url()), http);
  const Answered answered = ask(model);
  ASSERT_FALSE(answered.end);
  EXPECT_EQ(answered.end.error().code, GetParam().code);
  EXPECT_NE(answered.end.error().text.en.find(std::to_string(GetParam().status)),
            std::string::npos);
  EXPECT_EQ(answered.end.error().text.en.find("the-key"), std::string::npos);
  EXPECT_EQ(answered.end.error().retry_after, milliseconds(3000));
}

INSTANTIATE_TEST_SUITE_P(
    OpenAiClient, Refusals,
    testing::Values(
        Refusal{"bad_request", 400, R"({"error":{"message":"no","type":"invalid_request_error"}})",
                Code::kInvalid},
        Refusal{"too_long", 400, R"({"error":{"message":"x","code":"context_length_exceeded"}})",
                Code::kContextOverflow},
        Refusal{"too_long_llama", 400,
                R"({"error":{"message":"x","type":"exceed_context_size_error","code":400}})",
                Code::kContextOverflow},
        Refusal{"key", 401, R"({"error":{"message":"bad key"}})", Code::kUnauthorized},
        Refusal{"model", 404, R"({"error":"no such model"})", Code::kNotFound},
        Refusal{"rate", 429, "", Code::kRateLimited},
        Refusal{"filter", 403, R"({"error":{"message":"content policy"}})", Code::kInvalid},
        Refusal{"conflict", 409, "", Code::kInvalid},
        Refusal{"large", 413, "<html>too large</html>", Code::kInvalid},
        Refusal{"odd_member", 422, R"({"detail":[{"msg":"extra"}]})", Code::kInvalid},
        Refusal{"no_credit", 402, R"({"error":{"message":"pay"}})", Code::kUnauthorized},
        Refusal{"image", 500, R"({"error":{"message":"image input is not supported","code":500}})",
                Code::kInvalid},
        Refusal{"not_implemented", 501, R"({"error":{"message":"x","code":501}})", Code::kInvalid},
        Refusal{"broken", 500, R"({"error":{"message":"gpu fell off","code":500}})",
                Code::kUnavailable},
        Refusal{"broken_page", 500, "<html>internal server error</html>", Code::kUnavailable},
        Refusal{"timed_out", 408, "", Code::kUnavailable},
        Refusal{"down", 502, "<html>bad gateway</html>", Code::kUnavailable},
        Refusal{"loading", 503, R"({"error":{"message":"Loading model","code":503}})",
                Code::kUnavailable}),
    [](const auto& param) { return std::string(param.param.name); });

struct Breakage {
  const char* name;
  std::string events;
  Code code;
  const char* text;
};
class Breakages : public testing::TestWithParam<Breakage> {};

TEST_P(Breakages, OfAStreamAreErrors) {
  SocketServer server([](const auto&, Answering& a) {
    a.begin_events();
    a.send(GetParam().events);
  });
  HttpClient http;
  RemoteModel model(config(server.url()), http);
  const Answered answered = ask(model);
  ASSERT_FALSE(answered.end);
  EXPECT_EQ(answered.end.error().code, GetParam().code);
  EXPECT_NE(answered.end.error().text.en.find(GetParam().text), std::string::npos)
      << answered.end.error().text.en;
}

INSTANTIATE_TEST_SUITE_P(
    OpenAiClient, Breakages,
    testing::Values(Breakage{"broken_off", chunk("half an ans"), Code::kUnavailable, "broke off"},
                    Breakage{"no_json", "data: {half\n\n", Code::kUnavailable, "not JSON"},
                    Breakage{"error_event",
                             "data: {\"error\":{\"message\":\"gpu fell off\",\"code\":500}}\n\n",
                             Code::kUnavailable, "gpu fell off"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(OpenAiClient, ARoleOrAPingIsNoFirstToken) {
  SocketServer server([](const auto&, Answering& a) {
    a.begin_events();
    a.send("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n: ping\n\n");
    a.wait_until_closed();
  });
  HttpClient http;
  ModelConfig limited = config(server.url());
  limited.first_token_timeout = 100ms;
  RemoteModel model(limited, http);
  const Answered answered = ask(model);
  ASSERT_FALSE(answered.end);
  EXPECT_EQ(answered.end.error().code, Code::kTimeout);
}

TEST(OpenAiClient, WhateverAnAnswerIsMadeOfIsProgress) {
  for (const char* delta :
       {R"({"reasoning_content":"hm"})", R"({"reasoning":"hm"})", R"({"refusal":"no"})",
        R"({"tool_calls":[{"index":0,"function":{"arguments":"{"}}]})",
        R"({"audio":{"data":"AA"}})", R"({"content":[{"type":"text","text":"a"}]})"}) {
    SocketServer server([&](const auto&, Answering& a) {
      a.begin_events();
      for (int i = 0; i < 5; ++i) {
        a.send(std::string("data: {\"choices\":[{\"delta\":") + delta + "}]}\n\n");
        std::this_thread::sleep_for(100ms);
      }
      a.send(chunk("answer") + kDone);
    });
    HttpClient http;
    ModelConfig limited = config(server.url());
    limited.first_token_timeout = 350ms;
    limited.between_tokens_timeout = 350ms;
    RemoteModel model(limited, http);
    const Answered answered = ask(model);
    EXPECT_TRUE(answered.end) << delta << answered.end.error().text.en;
    EXPECT_EQ(answered.text, "answer");
  }
}

TEST(OpenAiClient, AnEmptyErrorIsNone) {
  for (const char* error : {"null", "{}", "\"\"", "[]"}) {
    SocketServer server([&](const auto&, Answering& a) {
      a.begin_events();
      a.send(std::string("data: {\"error\":") + error +
             ",\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n" + kDone);
    });
    HttpClient http;
    RemoteModel model(config(server.url()), http);
    const Answered answered = ask(model);
    EXPECT_TRUE(answered.end) << error;
    EXPECT_EQ(answered.text, "hello");
  }
}

TEST(OpenAiClient, WhatTheTransportRefusesIsNotTheAskersMistake) {
  HttpClient http;
  SocketServer garbage([](const auto&, Answering& a) { a.send("SSH-2.0-OpenSSH_9.2\r\n"); });
  SocketServer large([](const auto&, Answering& a) { a.reply(200, std::string(9 << 20, 'x')); });
  for (const std::string& url :
       {garbage.url(), large.url(), std::string("ftp://127.0.0.1"), std::string("http://")}) {
    RemoteModel model(config(url), http);
    const Answered answered = ask(model, /*stream=*/false);
    ASSERT_FALSE(answered.end) << url;
    EXPECT_EQ(answered.end.error().code, Code::kUnavailable) << url;
  }
}

TEST(OpenAiClient, StreamOptionsOfAnyKindAreMended) {
  SocketServer server([](const auto&, Answering& a) {
    a.begin_events();
    a.send(kDone);
  });
  HttpClient http;
  RemoteModel model(config(server.url()), http);
  for (const json& odd : {json("x"), json::array(), json(5), json(nullptr)}) {
    std::promise<Result<ChatEnd>> done;
    ChatSink sink;
    sink.on_chunk = [](json&) {};
    sink.on_end = [&](Result<ChatEnd> end) { done.set_value(std::move(end)); };
    model.chat({{{"stream", true}, {"stream_options", odd}}, "r"}, std::move(sink));
    EXPECT_TRUE(done.get_future().get());
    EXPECT_EQ(json::parse(server.received().back().body)["stream_options"],
              (json{{"include_usage", true}}));
  }
}

TEST(OpenAiClient, ItsOwnEnginesReasonsAreAboutTheRequest) {
  const HttpReply reply{
      500, {}, R"({"error":{"message":"whatever","type":"server_error","code":500}})"};
  EXPECT_EQ(error_of_reply(reply, true).code, Code::kInvalid);
  EXPECT_EQ(error_of_reply(reply, false).code, Code::kUnavailable);
  EXPECT_EQ(error_of_reply({500, {}, "died"}, true).code, Code::kUnavailable);
  const HttpReply loading{503, {}, R"({"error":{"message":"Loading model","code":503}})"};
  EXPECT_EQ(error_of_reply(loading, false).retry_after, milliseconds(1000));
}

TEST(OpenAiClient, CancelsWhenTheAskerLeaves) {
  std::atomic<bool> begun{false}, closed{false};
  SocketServer server([&](const auto&, Answering& a) {
    a.begin_events();
    a.send(chunk("one"));
    begun = true;
    closed = a.wait_until_closed();
  });
  HttpClient http;
  RemoteModel model(config(server.url()), http);
  const Answered answered = ask(model, true, [&] { return begun.load(); });
  ASSERT_FALSE(answered.end);
  EXPECT_EQ(answered.end.error().code, Code::kCancelled);
  EXPECT_TRUE(test::wait_until([&] { return closed.load(); }));
}

TEST(OpenAiClient, HoldsItsLeaseUntilTheAnswerIsComplete) {
  auto lease = std::make_shared<int>(1);
  std::weak_ptr<int> watch = lease;
  std::atomic<bool> held{false};
  SocketServer server([&](const auto&, Answering& a) {
    held = !watch.expired();
    a.begin_events();
    a.send(chunk("x") + kDone);
  });
  HttpClient http;
  std::promise<void> done;
  ChatSink sink;
  sink.on_chunk = [](json&) {};
  sink.on_end = [&](Result<ChatEnd>) { done.set_value(); };
  send_chat(http, config(server.url()), {server.url() + "/v1", "", std::move(lease)},
            {{{"stream", true}}, "r"}, std::move(sink));
  done.get_future().wait();
  EXPECT_TRUE(held);
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace ai_bot
