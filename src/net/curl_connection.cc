#include "net/curl_connection.h"

#include <fmt/format.h>
#include <poll.h>

#include "net/http_transfer.h"

namespace ai_bot {
namespace {

constexpr int kLookMs = 100;  // at is_over

// curl's own name for what we ask of it: no request, a connection only.
std::string address_of(const Url& url) {
  return fmt::format("{}://{}:{}/", url.is_secure() ? "https" : "http", url.host, url.port);
}

}  // namespace

// The connection belongs to the easy handle as long as that is in the multi handle.
struct CurlConnection::Handles {
  Handles() : easy(curl_easy_init()), multi(curl_multi_init()) {}
  ~Handles() {
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  CURL* easy;
  CURLM* multi;
  curl_socket_t socket = CURL_SOCKET_BAD;
};

namespace {

tl::unexpected<Error> not_made(CURL* easy, CURLcode code) {
  long by_proxy = 0;  // its refusal of a tunnel
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &by_proxy);
  if (by_proxy / 100 > 2) {
    return fail(Code::kUnavailable, fmt::format("the proxy answers HTTP {}", by_proxy),
                fmt::format("代理返回 HTTP {}", by_proxy));
  }
  const std::string why = curl_easy_strerror(code);
  return fail(Code::kUnavailable, "the connection failed: " + why, "连接失败：" + why);
}

// As the name says for what is under way in the multi handle; no value: it goes on.
std::optional<CURLcode> ending_of(CURLM* multi) {
  int running = 0, left = 0;
  curl_multi_perform(multi, &running);
  const CURLMsg* message = curl_multi_info_read(multi, &left);
  if (message == nullptr || message->msg != CURLMSG_DONE) return std::nullopt;
  return message->data.result;
}

}  // namespace

Result<CurlConnection> CurlConnection::open(const Url& url, const std::string& proxy,
                                            SteadyTime deadline,
                                            const std::function<bool()>& is_over) {
  init_curl();
  auto handles = std::make_unique<Handles>();
  CURL* easy = handles->easy;
  const SteadyTime begun = steady_now();
  const auto time = std::chrono::ceil<milliseconds>(deadline - begun);
  prepare_connection(easy, address_of(url), proxy, time);
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  curl_multi_add_handle(handles->multi, easy);
  for (;;) {
    if (const auto code = ending_of(handles->multi)) {
      if (*code == CURLE_OPERATION_TIMEDOUT) return timed_out("connection", "建立连接", time);
      if (*code != CURLE_OK) return not_made(easy, *code);
      break;
    }
    if (is_over()) return fail(Code::kCancelled, "ai_bot is stopping", "ai_bot 正在停止");
    if (steady_now() >= deadline) return timed_out("connection", "建立连接", time);
    curl_multi_poll(handles->multi, nullptr, 0, kLookMs, nullptr);
  }
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &handles->socket);
  return CurlConnection(std::move(handles));
}

CurlConnection::CurlConnection(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}

CurlConnection::CurlConnection(CurlConnection&&) noexcept = default;

CurlConnection::~CurlConnection() = default;

std::optional<size_t> CurlConnection::receive(void* into, size_t most) {
  size_t count = 0;
  const CURLcode code = curl_easy_recv(handles_->easy, into, most, &count);
  if (code == CURLE_AGAIN) return 0;
  if (code != CURLE_OK || count == 0) return std::nullopt;
  return count;
}

std::optional<size_t> CurlConnection::send(const void* bytes, size_t most) {
  size_t count = 0;
  const CURLcode code = curl_easy_send(handles_->easy, bytes, most, &count);
  if (code == CURLE_AGAIN) return 0;
  if (code != CURLE_OK) return std::nullopt;
  return count;
}

void CurlConnection::wait(bool wants_to_send, int wake, milliseconds most) const {
  const short events = wants_to_send ? POLLIN | POLLOUT : POLLIN;
  pollfd polled[] = {{handles_->socket, events, 0}, {wake, POLLIN, 0}};
  poll(polled, 2, static_cast<int>(most.count()));
}

}  // namespace ai_bot
