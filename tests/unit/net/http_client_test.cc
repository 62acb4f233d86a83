#include "net/http_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <future>
#include <thread>

#include "support/socket_server.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using namespace std::chrono_literals;
using test::Answering;
using test::SocketServer;

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

// A streamed fetch; collects what came.
struct Streamed {
  std::string body;
  Result<HttpReply> result = fail(Code::kInternal, "", "");
};
Streamed stream(HttpClient& client, HttpRequest request, std::function<bool()> abandoned = nullptr,
                Received kind = Received::kProgress) {
  Streamed out;
  std::promise<void> done;
  HttpStream stream;
  stream.on_data = [&](std::string_view bytes) {
    out.body += bytes;
    return kind;
  };
  stream.abandoned = std::move(abandoned);
  stream.on_done = [&](Result<HttpReply> result) {
    out.result = std::move(result);
    done.set_value();
  };
  client.start(std::move(request), std::move(stream));
  done.get_future().wait();
  return out;
}

TEST(HttpClient, FetchesWithMethodHeadersAndBody) {
  SocketServer server(
      [](const auto&, Answering& a) { a.reply(201, "made", "X-Thing:  one \r\n"); });
  HttpClient client;
  HttpRequest request = get(server.url() + "/path?q=1");
  request.method = "POST";
  request.headers = {{"X-Mine", "two"}};
  request.body = "hello";
  const auto reply = client.fetch(request);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(reply->body, "made");
  EXPECT_EQ(reply->header("x-thing"), "one");
  const auto got = server.received().at(0);
  EXPECT_EQ(got.line, "POST /path?q=1 HTTP/1.1");
  EXPECT_EQ(got.headers.at("x-mine"), "two");
  EXPECT_EQ(got.body, "hello");
  EXPECT_FALSE(got.headers.contains("expect"));
}

TEST(HttpClient, SpeaksOverAUnixSocketAndIgnoresProxiesThere) {
  test::TempFolder folder;
  SocketServer server([](const auto&, Answering& a) { a.reply(200, "local"); }, folder / "s.sock");
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  HttpClient client;
  HttpRequest request = get("http://localhost/health");
  request.unix_socket = folder / "s.sock";
  const auto reply = client.fetch(request);
  unsetenv("http_proxy");
  ASSERT_TRUE(reply) << reply.error().text.en;
  EXPECT_EQ(reply->body, "local");
}

TEST(HttpClient, AsksLoopbackAddressesThroughNoProxyOfTheEnvironment) {
  SocketServer server([](const auto&, Answering& a) { a.reply(200, "here"); });
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  HttpClient client;
  const std::string port = server.url().substr(server.url().rfind(':'));
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto reply = client.fetch(get("http://" + std::string(host) + port + "/"));
    EXPECT_TRUE(reply) << host;
  }
  const auto elsewhere = client.fetch(get("http://192.0.2.1/"));
  unsetenv("http_proxy");
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, Code::kUnavailable)
      << "the proxy was asked, which is not there";
}

TEST(HttpClient, GoesThroughAProxy) {
  SocketServer proxy([](const auto&, Answering& a) { a.reply(200, "by proxy"); });
  HttpClient client;
  HttpRequest request = get("http://host.invalid/x");
  request.proxy = proxy.url();
  const auto reply = client.fetch(request);
  ASSERT_TRUE(reply);
  EXPECT_EQ(proxy.received().at(0).line, "GET http://host.invalid/x HTTP/1.1");
}

TEST(HttpClient, StreamsABodyPieceByPiece) {
  SocketServer server([](const auto&, Answering& a) {
    a.begin_events();
    for (const char* piece : {"data: a\n\n", "data: b\n\n"}) a.send(piece);
  });
  HttpClient client;
  const Streamed got = stream(client, get(server.url()));
  ASSERT_TRUE(got.result);
  EXPECT_EQ(got.body, "data: a\n\ndata: b\n\n");
  EXPECT_TRUE(got.result->body.empty());
}

TEST(HttpClient, CollectsTheBodyOfAnErrorInsteadOfStreamingIt) {
  SocketServer server([](const auto&, Answering& a) { a.reply(503, "busy"); });
  HttpClient client;
  const Streamed got = stream(client, get(server.url()));
  ASSERT_TRUE(got.result);
  EXPECT_EQ(got.body, "");
  EXPECT_EQ(got.result->body, "busy");
}

struct Limit {
  const char* name;
  HttpTimeouts timeouts;
  Received kind;
  const char* text;
};
class Limits : public testing::TestWithParam<Limit> {};

TEST_P(Limits, EndATransferThatTakesTooLong) {
  SocketServer server([](const auto&, Answering& a) {
    a.begin_events();
    a.send(": one\n");
    a.wait_until_closed();
  });
  HttpClient client;
  HttpRequest request = get(server.url());
  request.timeouts = GetParam().timeouts;
  const Streamed got = stream(client, request, nullptr, GetParam().kind);
  ASSERT_FALSE(got.result);
  EXPECT_EQ(got.result.error().code, Code::kTimeout);
  EXPECT_NE(got.result.error().text.en.find(GetParam().text), std::string::npos)
      << got.result.error().text.en;
}

constexpr milliseconds kLong(60000), kShort(80);
INSTANTIATE_TEST_SUITE_P(HttpClient, Limits,
                         testing::Values(Limit{"first",
                                               {kLong, kShort, kLong, kLong},
                                               Received::kNoise,
                                               "no first data within 80 ms"},
                                         Limit{"between",
                                               {kLong, kLong, kShort, kLong},
                                               Received::kProgress,
                                               "no further data within 80 ms"},
                                         Limit{"total",
                                               {kLong, kLong, kLong, kShort},
                                               Received::kProgress,
                                               "no complete answer within 80 ms"}),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(HttpClient, LetsGoWhenTheAskerLeaves) {
  std::atomic<bool> closed = false, left = false;
  SocketServer server([&](const auto&, Answering& a) {
    a.begin_events();
    a.send("data: a\n\n");
    left = true;
    closed = a.wait_until_closed();
  });
  HttpClient client;
  const Streamed got = stream(client, get(server.url()), [&] { return left.load(); });
  ASSERT_FALSE(got.result);
  EXPECT_EQ(got.result.error().code, Code::kCancelled);
  EXPECT_TRUE(test::wait_until([&] { return closed.load(); }));
}

// Sends without end, in pieces, and counts what was taken.
struct Flood {
  std::atomic<size_t> sent{0};
  std::atomic<bool> closed{false};
  SocketServer server{[this](const auto&, Answering& a) {
    a.begin_events();
    const std::string piece(16384, 'x');
    while (sent < (64 << 20) && a.send(piece)) sent += piece.size();
    closed = true;
  }};
};

TEST(HttpClient, ReadsNoFurtherThanTheAskerCanTake) {
  Flood flood;
  std::atomic<bool> ready{true};
  std::atomic<size_t> taken{0};
  std::promise<Result<HttpReply>> done;
  HttpClient client;
  HttpRequest request = get(flood.server.url());
  request.timeouts.between = 100ms;  // rests while the asker is not ready
  HttpStream stream;
  stream.ready = [&] { return ready.load(); };
  stream.on_data = [&](std::string_view bytes) {
    const size_t before = taken;
    taken += bytes.size();
    if (before >> 22 != taken >> 22) ready = false;  // with every 4 MiB
    return Received::kProgress;
  };
  stream.on_done = [&](Result<HttpReply> result) { done.set_value(std::move(result)); };
  client.start(std::move(request), std::move(stream));
  size_t before = 0;
  ASSERT_TRUE(test::wait_until([&] {
    if (ready) return false;
    const size_t now = flood.sent;
    return std::exchange(before, now) == now && now > 0;  // the other side is stuck
  }));
  std::this_thread::sleep_for(3 * 100ms);
  EXPECT_FALSE(ready);
  EXPECT_LT(taken, 5u << 20);
  EXPECT_LT(flood.sent, 20u << 20);  // what waits in the sockets' buffers
  auto future = done.get_future();
  ASSERT_TRUE(test::wait_until([&] {
    ready = true;
    return future.wait_for(0s) == std::future_status::ready;
  }));
  const auto result = future.get();
  ASSERT_TRUE(result) << result.error().text.en;
  EXPECT_EQ(taken, 64u << 20);
}

TEST(HttpClient, AnAskerWhoIsNeverReadyEndsByTheTotalLimit) {
  Flood flood;
  HttpClient client;
  HttpRequest request = get(flood.server.url());
  request.timeouts.total = 200ms;
  std::promise<Result<HttpReply>> done;
  HttpStream stream;
  stream.ready = [] { return false; };
  stream.on_data = [](std::string_view) { return Received::kProgress; };
  stream.on_done = [&](Result<HttpReply> result) { done.set_value(std::move(result)); };
  client.start(std::move(request), std::move(stream));
  const auto result = done.get_future().get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kTimeout);
  EXPECT_TRUE(test::wait_until([&] { return flood.closed.load(); }));
}

TEST(HttpClient, APausedTransferCanBeLeftAndStopped) {
  Flood flood;
  std::atomic<bool> paused{false}, left{false}, go_on{false};
  HttpClient client;
  const auto run = [&](HttpStream stream) {
    std::promise<Result<HttpReply>> done;
    paused = false;
    stream.ready = [&] {
      paused = !go_on;
      return go_on.load();
    };
    stream.on_done = [&](Result<HttpReply> result) { done.set_value(std::move(result)); };
    client.start(get(flood.server.url()), std::move(stream));
    EXPECT_TRUE(test::wait_until([&] { return paused.load(); }));
    (left ? go_on : left) = true;
    return done.get_future().get();
  };
  const auto by_asker = run({[](std::string_view) { return Received::kProgress; }, nullptr,
                             [&] { return left.load(); }, nullptr});
  ASSERT_FALSE(by_asker);
  EXPECT_EQ(by_asker.error().code, Code::kCancelled);
  const auto by_us =
      run({[](std::string_view) { return Received::kAbort; }, nullptr, nullptr, nullptr});
  ASSERT_FALSE(by_us);
  EXPECT_EQ(by_us.error().code, Code::kCancelled);
}

TEST(HttpClient, OutlivesACallbackThatThrows) {
  SocketServer server([](const auto&, Answering& a) { a.reply(200, "hello"); });
  HttpClient client;
  std::promise<Code> code;
  HttpStream stream;
  stream.on_data = [](std::string_view) -> Received { throw std::runtime_error("odd"); };
  stream.on_done = [&](const Result<HttpReply>& result) {
    code.set_value(result ? Code::kInvalid : result.error().code);
    throw std::runtime_error("odder");
  };
  client.start(get(server.url()), std::move(stream));
  EXPECT_EQ(code.get_future().get(), Code::kInternal);
  EXPECT_TRUE(client.fetch(get(server.url())));
}

TEST(HttpClient, SaysWhyNobodyAnswers) {
  HttpClient client;
  const auto refused = client.fetch(get("http://127.0.0.1:1/"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  for (const char* wrong :
       {"ftp://127.0.0.1/x", "file:///etc/passwd", "http://", "not an address"}) {
    const auto reply = client.fetch(get(wrong));
    ASSERT_FALSE(reply) << wrong;
    EXPECT_NE(reply.error().code, Code::kInternal);
  }
  EXPECT_EQ(client.fetch(get("file:///etc/passwd")).error().code, Code::kInvalid);
}

TEST(HttpClient, GarbageInsteadOfHttpIsTheOtherSidesFailure) {
  HttpClient client;
  for (const char* garbage :
       {"\x15\x03\x01\x02\x02\x16", "<html>log in first</html>", "220 mail ESMTP\r\n",
        "HTTP/7.7 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"}) {
    SocketServer server([&](const auto&, Answering& a) { a.send(garbage); });
    const auto reply = client.fetch(get(server.url()));
    ASSERT_FALSE(reply) << garbage;
    EXPECT_EQ(reply.error().code, Code::kUnavailable) << garbage << reply.error().text.en;
  }
}

TEST(HttpClient, ItsSocketsAreNotInherited) {
  std::atomic<bool> looked{false};
  SocketServer server([&](const auto&, Answering& a) {
    a.begin_events();
    a.send("data: a\n\n");
    test::wait_until([&] { return looked.load(); });
  });
  HttpClient client;
  std::atomic<bool> begun{false};
  std::promise<void> done;
  HttpStream stream;
  stream.on_data = [&](std::string_view) {
    begun = true;
    return Received::kProgress;
  };
  stream.on_done = [&](const Result<HttpReply>&) { done.set_value(); };
  client.start(get(server.url()), std::move(stream));
  ASSERT_TRUE(test::wait_until([&] { return begun.load(); }));
  int ours = 0;
  for (int fd = 3; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET ||
        server.url() != "http://127.0.0.1:" + std::to_string(ntohs(peer.sin_port)))
      continue;
    ++ours;
    EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(ours, 1);
  looked = true;
  done.get_future().wait();
}

TEST(HttpClient, RefusesAReplyThatIsTooLarge) {
  SocketServer server([](const auto&, Answering& a) { a.reply(200, std::string(5000, 'x')); });
  HttpClient client;
  HttpRequest request = get(server.url());
  request.max_response = 4096;
  const auto reply = client.fetch(request);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kTooLarge);
}

TEST(HttpClient, NoticesABodyThatBreaksOff) {
  SocketServer server([](const auto&, Answering& a) {
    a.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  HttpClient client;
  const auto reply = client.fetch(get(server.url()));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kUnavailable);
}

TEST(HttpClient, EndsEverythingWhenItIsDestroyed) {
  SocketServer server([](const auto&, Answering& a) {
    a.begin_events();
    a.wait_until_closed();
  });
  std::promise<Code> code;
  {
    HttpClient client;
    HttpStream stream;
    stream.on_done = [&](Result<HttpReply> result) {
      code.set_value(result ? Code::kInternal : result.error().code);
    };
    client.start(get(server.url()), std::move(stream));
    EXPECT_TRUE(test::wait_until([&] { return server.count() == 1; }));
  }
  EXPECT_EQ(code.get_future().get(), Code::kCancelled);
}

TEST(RetryAfter, IsSecondsOrADate) {
  const auto of = [](const std::string& value) {
    return retry_after({429, {{"retry-after", value}}, ""});
  };
  EXPECT_EQ(of("3"), milliseconds(3000));
  EXPECT_EQ(of("0.5"), milliseconds(500));
  EXPECT_EQ(of("0"), milliseconds(0));
  EXPECT_EQ(of("-1"), milliseconds(0));
  EXPECT_EQ(of("1e300"), milliseconds(86400000));
  EXPECT_FALSE(of("nan"));
  EXPECT_FALSE(of("inf"));
  EXPECT_EQ(of("Thu, 01 Jan 1970 00:00:00 GMT"), milliseconds(0));
  EXPECT_EQ(of("99999999"), milliseconds(86400000));
  EXPECT_FALSE(of("soon"));
  EXPECT_FALSE(of(""));
  EXPECT_FALSE(retry_after({429, {}, ""}));
}

}  // namespace
}  // namespace ai_bot
