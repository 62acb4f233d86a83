#include "net/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "net/port.h"
#include "support/temp_folder.h"

namespace ai_bot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

void show(const RequestPtr& request, const Respond& respond) {
  std::string all = name_of(request->method());
  for (const std::string_view part :
       {request->path(), request->header("X-CaSe"), request->header("absent"), request->query("q"),
        request->body(), std::string_view(request->peer()), std::string_view(request->id())})
    all.append("|").append(part);
  respond({201, all, "text/plain", {{"X-More", "yes"}}});
}

void answer_twice(const RequestPtr&, const Respond& respond) {
  respond({200, "first"});
  respond({500, "second"});
}

void answer_later(const RequestPtr& request, Respond respond) {
  std::thread([request, respond = std::move(respond)] {
    respond({200, request->is_gone() ? "gone" : "here"});
  }).detach();
}

void stream(const RequestPtr& request, const Respond&) {
  const EventStreamPtr stream = request->stream();
  stream->begin();
  stream->send_json({{"n", 1}});
  stream->send_data("[DONE]");
  stream->close();
}

// One for all tests, as there can be one a process.
class Running {
 public:
  Running()
      : server_({"127.0.0.1", port_, 2, {}, {}, folder_ / "scratch"},
                {{{Method::kPost}, "/things/{name}", show},
                 {{Method::kGet}, "/twice", answer_twice},
                 {{Method::kGet}, "/later", answer_later},
                 {{Method::kGet},
                  "/throws",
                  [](const RequestPtr&, const Respond&) { throw std::runtime_error("a secret"); }},
                 {{Method::kGet}, "/events", stream}},
                [this](const std::string& route, const std::string& method, int status, double) {
                  std::lock_guard lock(mutex_);
                  seen_.push_back(route + " " + method + " " + std::to_string(status));
                }) {
    std::promise<void> listening;
    thread_ = std::thread([this, &listening] { server_.run([&] { listening.set_value(); }); });
    listening.get_future().wait();
  }
  ~Running() {
    server_.quit();
    thread_.join();
  }

  int port() const { return port_; }
  std::vector<std::string> take_seen() {
    std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
  }

 private:
  test::TempFolder folder_;
  const int port_ = free_port();
  std::mutex mutex_;
  std::vector<std::string> seen_;
  HttpServer server_;
  std::thread thread_;
};

class HttpServerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { running_ = std::make_unique<Running>(); }
  static void TearDownTestSuite() { running_.reset(); }
  void SetUp() override { running_->take_seen(); }

  // All that the server says until it closes.
  static std::string ask(const std::string& request) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(running_->port()));
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(send(fd, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    std::string said;
    char bytes[4096];
    for (ssize_t got; (got = recv(fd, bytes, sizeof bytes, 0)) > 0;)
      said.append(bytes, static_cast<size_t>(got));
    close(fd);
    return said;
  }
  static std::string get(const std::string& path, const std::string& headers = "") {
    return ask("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + headers +
               "\r\n");
  }

  inline static std::unique_ptr<Running> running_;
};

TEST_F(HttpServerTest, ShowsARouteWhatWasSent) {
  const std::string said = ask(
      "POST /things/%41?q=a%20b HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nx-case: V\r\n"
      "X-Request-Id: r1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_THAT(said, HasSubstr("HTTP/1.1 201 "));
  EXPECT_THAT(said, HasSubstr("x-more: yes"));
  EXPECT_THAT(said, HasSubstr("POST|/things/%41|V||a b|{}|127.0.0.1|r1"));
  EXPECT_THAT(running_->take_seen(), ElementsAre("/things/{name} POST 201"));
}

TEST_F(HttpServerTest, TakesTheFirstAnswerOnly) {
  const std::string said = get("/twice");
  EXPECT_THAT(said, HasSubstr("first"));
  EXPECT_THAT(said, Not(HasSubstr("second")));
  EXPECT_THAT(running_->take_seen(), ElementsAre("/twice GET 200"));
}

TEST_F(HttpServerTest, AnswersFromAnotherThread) { EXPECT_THAT(get("/later"), HasSubstr("here")); }

TEST_F(HttpServerTest, MakesAnErrorOfWhatARouteThrows) {
  const std::string said = get("/throws");
  EXPECT_THAT(said, HasSubstr("HTTP/1.1 500 "));
  EXPECT_THAT(said, Not(HasSubstr("a secret")));
}

TEST_F(HttpServerTest, StreamsEvents) {
  EXPECT_THAT(get("/events"), HasSubstr("\r\n\r\ndata: {\"n\":1}\n\ndata: [DONE]\n\n"));
  EXPECT_THAT(running_->take_seen(), ElementsAre("/events GET 200"));
}

TEST_F(HttpServerTest, HasNothingButItsRoutes) {
  EXPECT_THAT(get("/two"), HasSubstr("HTTP/1.1 404 "));
  EXPECT_THAT(get("/twice", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
              HasSubstr("HTTP/1.1 404 "));
  const std::string head =
      ask("HEAD /twice HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("HTTP/1.1 200 "));
  EXPECT_THAT(head, Not(HasSubstr("first")));
}

TEST_F(HttpServerTest, KeepsItsPortFromOthers) {
  EXPECT_FALSE(check_port("127.0.0.1", running_->port()));
}

}  // namespace
}  // namespace ai_bot
