#include "net/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "core/guarded.h"

namespace ai_bot {
namespace {

constexpr long kMaxIdleConnections = 64;
constexpr int kIdleWaitMs = 60000;
constexpr int kAbandonedCheckMs = 250;
constexpr int kReadyCheckMs = 20;

struct CurlFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

bool init_curl() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

// One transfer, owned by the loop.
struct Transfer {
  HttpRequest request;
  HttpStream stream;
  std::unique_ptr<CURL, CurlFree> easy;
  std::unique_ptr<curl_slist, CurlFree> headers;
  HttpReply reply;
  SteadyTime started;
  SteadyTime last_progress;
  bool progressed = false;
  std::optional<SteadyTime> paused;  // since when the asker can't take more
  std::optional<Error> failure;      // what we decided, before curl's own word for it

  bool streams() const { return stream.on_data && reply.status / 100 == 2; }
};

tl::unexpected<Error> timed_out(const char* what_en, const char* what_zh, milliseconds limit) {
  return fail(Code::kTimeout, fmt::format("no {} within {} ms", what_en, limit.count()),
              fmt::format("{} 毫秒内没有{}", limit.count(), what_zh));
}

Error our_mistake() {
  return {Code::kInternal, {"the transfer failed by a mistake in ai_bot", "ai_bot 内部错误"}};
}

// The bytes taken of a piece; 0 ends the transfer (curl's convention).
template <class Take>
size_t taken(Transfer& transfer, Take take) {
  size_t count = 0;
  if (!guarded("http_client.data", [&] { count = take(); })) transfer.failure = our_mistake();
  return count;
}

size_t take_header(Transfer& transfer, std::string_view line) {
  if (line.starts_with("HTTP/")) {
    const size_t space = line.find(' ');
    transfer.reply.status =
        space == std::string_view::npos ? 0 : std::atoi(line.data() + space + 1);
    transfer.reply.headers.clear();
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
      value.remove_prefix(1);
    while (!value.empty() &&
           (value.back() == '\r' || value.back() == '\n' || value.back() == ' ')) {
      value.remove_suffix(1);
    }
    transfer.reply.headers.emplace_back(std::move(name), value);
  }
  return line.size();
}

size_t on_header(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return taken(transfer, [&] { return take_header(transfer, {data, size * count}); });
}

size_t take_body(Transfer& transfer, std::string_view bytes) {
  if (transfer.streams() && transfer.stream.ready && !transfer.stream.ready()) {
    transfer.paused = steady_now();
    return CURL_WRITEFUNC_PAUSE;  // curl gives the same bytes again
  }
  Received received = Received::kProgress;
  if (transfer.streams()) {
    received = transfer.stream.on_data(bytes);
  } else if (transfer.reply.body.size() + bytes.size() > transfer.request.max_response) {
    transfer.failure =
        Error{Code::kTooLarge,
              {fmt::format("the reply is larger than {} bytes", transfer.request.max_response),
               fmt::format("响应超过 {} 字节", transfer.request.max_response)}};
    return 0;
  } else {
    transfer.reply.body += bytes;
  }
  if (received == Received::kAbort) {
    if (!transfer.failure) {
      transfer.failure = Error{Code::kCancelled, {"the transfer was stopped", "传输已停止"}};
    }
    return 0;
  }
  if (received == Received::kProgress) {
    transfer.progressed = true;
    transfer.last_progress = steady_now();
  }
  return bytes.size();
}

size_t on_body(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return taken(transfer, [&] { return take_body(transfer, {data, size * count}); });
}

// libcurl 7.88 opens its sockets without CLOEXEC: programs we start would keep them open.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void prepare(Transfer& transfer) {
  const HttpRequest& request = transfer.request;
  CURL* easy = transfer.easy.get();
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers)
    list = curl_slist_append(list, (name + ": " + value).c_str());
  list = curl_slist_append(list, "Expect:");  // no 100-continue round trip
  transfer.headers.reset(list);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "ai_bot");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.timeouts.connect.count()));
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  // On a connection shared by HTTP/2 one reader who pauses would hold up the others.
  if (transfer.stream.ready)
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  if (!request.unix_socket.empty()) {
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  } else if (!request.proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, request.proxy.c_str());
  }
  if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    if (request.method != "POST")
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

bool was_sent(const Transfer& transfer) {
  long bytes = 0;
  return curl_easy_getinfo(transfer.easy.get(), CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK &&
         bytes > 0;
}

Error error_of(CURLcode code, const Transfer& transfer) {
  const std::string why = curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out("connection", "建立连接", transfer.request.timeouts.connect).value();
    case CURLE_UNSUPPORTED_PROTOCOL:
      // Also what curl calls an answer that is not HTTP/1.0 or later ("HTTP/0.9"); then a
      // connection was made, and another answer may be better.
      if (was_sent(transfer))
        return {Code::kUnavailable, {"the answer is not HTTP", "对方返回的不是 HTTP"}};
      [[fallthrough]];
    case CURLE_URL_MALFORMAT:
      return {Code::kInvalid, {"the address can't be used: " + why, "地址无法使用：" + why}};
    default:
      return {Code::kUnavailable, {"the connection failed: " + why, "连接失败：" + why}};
  }
}

}  // namespace

class HttpClient::Loop {
 public:
  Loop() : multi_((init_curl(), curl_multi_init())) {
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMaxIdleConnections);
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() {
    stop();
    curl_multi_cleanup(multi_);
  }

  void stop() {
    stopping_ = true;
    curl_multi_wakeup(multi_);
    if (thread_.joinable()) thread_.join();
  }

  void add(std::unique_ptr<Transfer> transfer) {
    {
      std::lock_guard lock(mutex_);
      if (!ended_) incoming_.push_back(std::move(transfer));
    }
    if (transfer) return cancel(*transfer);
    curl_multi_wakeup(multi_);
  }

 private:
  using Transfers = std::unordered_map<Transfer*, std::unique_ptr<Transfer>>;

  void run() {
    while (!stopping_) {
      int wait = kAbandonedCheckMs;
      guarded("http_client.loop", [&] {
        take_incoming();
        int running = 0;
        curl_multi_perform(multi_, &running);
        collect();
        wait = enforce_limits();
      });
      curl_multi_poll(multi_, nullptr, 0, wait, nullptr);
    }
    while (!active_.empty()) finish(active_.begin(), stopping());
    std::deque<std::unique_ptr<Transfer>> left;
    {
      std::lock_guard lock(mutex_);
      ended_ = true;
      left.swap(incoming_);
    }
    for (const auto& transfer : left) cancel(*transfer);
  }

  static tl::unexpected<Error> stopping() {
    return fail(Code::kCancelled, "ai_bot is stopping", "ai_bot 正在停止");
  }

  static void cancel(Transfer& transfer) {
    guarded("http_client.done", [&] { transfer.stream.on_done(stopping()); });
  }

  void take_incoming() {
    std::deque<std::unique_ptr<Transfer>> taken;
    {
      std::lock_guard lock(mutex_);
      taken.swap(incoming_);
    }
    for (auto& transfer : taken) {
      Transfer* key = transfer.get();
      const auto at = active_.emplace(key, std::move(transfer)).first;
      const bool begun = guarded("http_client.begin", [&] {
        key->easy.reset(curl_easy_init());
        key->started = key->last_progress = steady_now();
        prepare(*key);
        curl_multi_add_handle(multi_, key->easy.get());
      });
      if (!begun) finish(at, fail(our_mistake()));
    }
  }

  void collect() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      const auto at = active_.find(transfer);
      if (transfer->failure) {
        finish(at, fail(*transfer->failure));
      } else if (code != CURLE_OK) {
        finish(at, fail(error_of(code, *transfer)));
      } else {
        finish(at, std::move(transfer->reply));
      }
    }
  }

  // Ends what is cancelled or over a limit; returns the time until the next limit in milliseconds.
  int enforce_limits() {
    int wait = active_.empty() ? kIdleWaitMs : kAbandonedCheckMs;
    for (auto at = active_.begin(); at != active_.end();) {
      const auto current = at++;
      Transfer& t = *current->second;
      const auto is_abandoned = [&t] { return t.stream.abandoned && t.stream.abandoned(); };
      if (guarded("http_client.abandoned", is_abandoned, true)) {
        finish(current, fail(Code::kCancelled, "the request was cancelled", "请求已取消"));
        continue;
      }
      if (!go_on_reading(t)) {
        finish(current, fail(*t.failure));
        continue;
      }
      const HttpTimeouts& limits = t.request.timeouts;
      const milliseconds patience = t.progressed ? limits.between : limits.first;
      const milliseconds quiet = patience - (t.paused ? milliseconds(0) : since(t.last_progress));
      const milliseconds total = limits.total - since(t.started);
      if (total.count() <= 0) {
        finish(current, timed_out("complete answer", "收到完整回答", limits.total));
      } else if (quiet.count() <= 0) {
        finish(current, t.progressed ? timed_out("further data", "后续数据", patience)
                                     : timed_out("first data", "首个数据", patience));
      } else {
        const int ready_check = t.paused ? kReadyCheckMs : wait;
        wait = static_cast<int>(
            std::min<int64_t>({wait, ready_check, quiet.count() + 1, total.count() + 1}));
      }
    }
    return wait;
  }

  // Takes up a paused transfer whose asker can take more. False: it failed in doing so, for curl
  // hands over what it holds at once.
  static bool go_on_reading(Transfer& transfer) {
    if (!transfer.paused || !transfer.stream.ready()) return true;
    transfer.last_progress += steady_now() - *std::exchange(transfer.paused, std::nullopt);
    const CURLcode code = curl_easy_pause(transfer.easy.get(), CURLPAUSE_CONT);
    if (code != CURLE_OK && !transfer.failure) transfer.failure = error_of(code, transfer);
    return code == CURLE_OK;
  }

  void finish(Transfers::iterator at, Result<HttpReply> result) {
    const std::unique_ptr<Transfer> transfer = std::move(at->second);
    active_.erase(at);
    curl_multi_remove_handle(multi_, transfer->easy.get());
    guarded("http_client.done", [&] { transfer->stream.on_done(std::move(result)); });
  }

  CURLM* multi_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::deque<std::unique_ptr<Transfer>> incoming_;
  bool ended_ = false;
  Transfers active_;
};

std::string HttpReply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

std::optional<milliseconds> retry_after(const HttpReply& reply) {
  constexpr double kMostSeconds = 86400;
  const std::string text = reply.header("retry-after");
  if (text.empty()) return std::nullopt;
  // Whole seconds by the RFC; some platforms send fractions.
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(seconds)) {
    const time_t date = curl_getdate(text.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    seconds = static_cast<double>(date - now_ms() / 1000);
  }
  return milliseconds(
      static_cast<int64_t>(std::ceil(std::clamp(seconds, 0.0, kMostSeconds) * 1000)));
}

HttpClient::HttpClient() : loop_(std::make_unique<Loop>()) {}

HttpClient::~HttpClient() = default;

void HttpClient::stop() { loop_->stop(); }

void HttpClient::start(HttpRequest request, HttpStream stream) {
  auto transfer = std::make_unique<Transfer>();
  transfer->request = std::move(request);
  transfer->stream = std::move(stream);
  loop_->add(std::move(transfer));
}

Result<HttpReply> HttpClient::fetch(HttpRequest request, std::function<bool()> abandoned) {
  auto promise = std::make_shared<std::promise<Result<HttpReply>>>();
  auto future = promise->get_future();
  HttpStream stream;
  stream.abandoned = std::move(abandoned);
  stream.on_done = [promise](Result<HttpReply> result) { promise->set_value(std::move(result)); };
  start(std::move(request), std::move(stream));
  return future.get();
}

}  // namespace ai_bot
