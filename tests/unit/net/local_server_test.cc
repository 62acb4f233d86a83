#include "net/local_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "net/http_client.h"
#include "net/replies.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using namespace std::chrono_literals;

class LocalServerTest : public testing::Test {
 protected:
  void start(LocalServer::Options options) {
    const std::vector<Route> routes = {
        {{Method::kGet},
         "/plain",
         [](const RequestPtr& request, const Respond& respond) {
           respond({200, std::string(request->header("x-word")), "text/plain"});
         }},
        {{Method::kPost},
         "/later",
         [this](const RequestPtr& request, const Respond& respond) {
           answering_ = std::async(std::launch::async, [request, respond] {
             respond({201, std::string(request->body())});
           });
         }},
        {{Method::kGet},
         "/never",
         [this](const RequestPtr&, const Respond& respond) {
           kept_ = respond;
           ++asked_;
         }},
        {{Method::kGet},
         "/throws",
         [](const RequestPtr&, const Respond&) { throw std::runtime_error("a mistake"); }},
    };
    auto server = LocalServer::open(std::move(options), routes);
    ASSERT_TRUE(server) << server.error().text.en;
    server_ = std::move(*server);
    server_->start();
  }
  void start() { start({path_}); }

  Result<HttpReply> ask(const std::string& method, const std::string& path,
                        const std::string& body = "") {
    HttpRequest request;
    request.method = method;
    request.url = "http://localhost" + path;
    request.unix_socket = path_;
    request.headers = {{"X-Word", "hello"}};
    request.body = body;
    return http_.fetch(std::move(request));
  }

  int connect_to(const std::string& path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? fd : -1;
  }
  // Sends the bytes and reads until the other side closes.
  std::string exchange(const std::string& bytes) {
    const int fd = connect_to(path_);
    EXPECT_GE(fd, 0);
    EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    std::string got;
    char piece[4096];
    for (ssize_t n; (n = recv(fd, piece, sizeof piece, 0)) > 0;)
      got.append(piece, static_cast<size_t>(n));
    close(fd);
    return got;
  }

  test::TempFolder folder_;
  std::string path_ = folder_ / "admin.sock";
  std::future<void> answering_;
  Respond kept_;
  std::atomic<int> asked_{0};
  HttpClient http_;
  std::unique_ptr<LocalServer> server_;
};

TEST_F(LocalServerTest, AnswersItsRoutesAtOnceAndLaterAndSaysWhatIsNone) {
  start();
  const auto plain = ask("GET", "/plain?a=1");
  ASSERT_TRUE(plain) << plain.error().text.en;
  EXPECT_EQ(plain->status, 200);
  EXPECT_EQ(plain->body, "hello");
  EXPECT_EQ(plain->header("content-type"), "text/plain");
  const auto later = ask("POST", "/later", "the body");
  ASSERT_TRUE(later);
  EXPECT_EQ(later->status, 201);
  EXPECT_EQ(later->body, "the body");
  const std::string head = exchange("HEAD /plain HTTP/1.1\r\nHost: x\r\nX-Word: hello\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
  EXPECT_NE(head.find("Content-Length: 5\r\n"), std::string::npos) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
  EXPECT_EQ(ask("GET", "/none")->status, 404);
  EXPECT_EQ(ask("GET", "/later")->status, 405);
  EXPECT_EQ(ask("GET", "/throws")->status, 500);
  EXPECT_EQ(ask("GET", "/plain")->status, 200) << "and goes on";
}

TEST_F(LocalServerTest, RefusesWhatIsNoRequestOrTooLarge) {
  start({.path = path_, .max_request = 1000});
  EXPECT_EQ(exchange("hello\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
  EXPECT_EQ(ask("POST", "/later", std::string(1001, 'x'))->status, 413);
  EXPECT_EQ(exchange("GET /plain HTTP/1.1\r\nX-Word: " + std::string(1001, 'x')).substr(0, 12),
            "HTTP/1.1 413");
  EXPECT_EQ(ask("GET", "/plain")->status, 200);
}

TEST_F(LocalServerTest, WhoSendsNothingHoldsOthersUpForAWhileOnly) {
  start({.path = path_, .request_time = 50ms});
  const int silent = connect_to(path_);
  ASSERT_GE(silent, 0);
  EXPECT_EQ(ask("GET", "/plain")->status, 200);
  close(silent);
  EXPECT_EQ(ask("GET", "/plain")->status, 200) << "who leaves is forgotten";
}

TEST_F(LocalServerTest, ARouteThatDoesNotAnswerIsGivenUp) {
  start({.path = path_, .answer_time = 50ms});
  EXPECT_EQ(ask("GET", "/never")->status, 504);
  kept_({200, "too late"});
  EXPECT_EQ(ask("GET", "/plain")->status, 200);
}

TEST_F(LocalServerTest, AStopWaitsForNobodyAndRemovesTheSocket) {
  start();
  auto asked = std::async(std::launch::async, [this] { return ask("GET", "/never"); });
  ASSERT_TRUE(test::wait_until([this] { return asked_ == 1; }));
  server_->stop();
  asked.get();
  EXPECT_FALSE(std::filesystem::exists(path_));
  server_->stop();
}

TEST_F(LocalServerTest, ReplacesASocketThatWasLeftAndMakesItsOwnersAlone) {
  test::write_file(path_, "left over");
  start();
  EXPECT_EQ(ask("GET", "/plain")->status, 200);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(LocalServerTest, APathMayBeLongerThanASocketsAddress) {
  const std::string deep = folder_ / std::string(200, 'd');
  std::filesystem::create_directory(deep);
  const std::string long_path = deep + "/admin.sock";
  start({long_path});
  const int folder = open(deep.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  path_ = short_socket_path(folder, long_path);
  EXPECT_EQ(ask("GET", "/plain")->status, 200);
  close(folder);
}

TEST_F(LocalServerTest, SaysWhereItCannotListen) {
  const auto server = LocalServer::open({folder_ / "none/admin.sock"}, {});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().text.en,
            folder_ / "none/admin.sock" + ": can't listen there: No such file or directory");
}

TEST_F(LocalServerTest, AnswersNoOtherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  start();
  // As if the rights of the files did not keep them out.
  chmod(folder_.path().c_str(), 0777);
  chmod(path_.c_str(), 0777);
  const pid_t stranger = fork();
  if (stranger == 0) {
    if (setuid(65534) != 0) _exit(3);
    const int fd = connect_to(path_);
    if (fd < 0) _exit(2);
    const std::string request = "GET /plain HTTP/1.1\r\n\r\n";
    send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    char byte = 0;
    _exit(recv(fd, &byte, 1, 0) > 0 ? 1 : 0);
  }
  int status = 0;
  waitpid(stranger, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: it was answered, 2: it could not connect";
  EXPECT_EQ(ask("GET", "/plain")->status, 200);
}

}  // namespace
}  // namespace ai_bot
