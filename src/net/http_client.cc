#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <deque>
#include <future>
#include <thread>
#include <unordered_map>

#include "core/guarded.h"
#include "core/mutex.h"
#include "net/http_transfer.h"

namespace ai_bot {
namespace {

constexpr long kMaxIdleConnections = 64;
constexpr int kIdleWaitMs = 60000;
constexpr int kAbandonedCheckMs = 250;
constexpr int kReadyCheckMs = 20;

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
    MutexLock lock(mutex_);
    if (ended_) {
      lock.unlock();
      return cancel(*transfer);
    }
    incoming_.push_back(std::move(transfer));
    lock.unlock();
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
      MutexLock lock(mutex_);
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
      MutexLock lock(mutex_);
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
  Mutex mutex_;
  std::deque<std::unique_ptr<Transfer>> incoming_ GUARDED_BY(mutex_);
  bool ended_ GUARDED_BY(mutex_) = false;
  Transfers active_;  // of the loop's thread
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
    seconds = static_cast<double>(date) - static_cast<double>(now_ms()) / 1000;
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
