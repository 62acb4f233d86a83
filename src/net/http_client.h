// Outbound HTTP on libcurl's multi interface: one thread, connections kept and reused, streamed
// bodies, proxies, unix sockets. Every transfer has four time limits and can be abandoned.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace ai_bot {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpTimeouts {
  milliseconds connect{5000};
  milliseconds first{60000};    // until the first progress (see Received)
  milliseconds between{30000};  // between two progresses
  milliseconds total{300000};

  static HttpTimeouts all(milliseconds limit) { return {limit, limit, limit, limit}; }
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::string unix_socket;  // connect there instead of the URL's host
  // Empty: as the environment says (curl's http_proxy, https_proxy, no_proxy), but none for
  // loopback addresses, which a proxy would look for on its own machine.
  std::string proxy;
  HttpHeaders headers;
  std::string body;
  HttpTimeouts timeouts;
  size_t max_response = 8 << 20;  // bytes; more fails the transfer
};

struct HttpReply {
  int status = 0;
  HttpHeaders headers;  // names in lower case
  std::string body;     // empty when the body was streamed

  // The first value of a header (name in lower case), or an empty string.
  std::string header(std::string_view name) const;
};

// Statuses after which the same request may succeed later.
constexpr bool is_passing(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

// The wait a reply asks for in Retry-After: seconds or a date (RFC 9110, 10.2.3), at most a day.
std::optional<milliseconds> retry_after(const HttpReply& reply);

// What a piece of a streamed body was: progress restarts the `between` limit, noise (a ping) does
// not.
enum class Received { kProgress, kNoise, kAbort };

struct HttpStream {
  // Called on the client's thread, which must not be kept waiting. Only for status 200 to 299: the
  // body of any other reply is collected and given with `on_done`.
  std::function<Received(std::string_view)> on_data;
  // Called exactly once, last. An Error means that there was no complete reply.
  std::function<void(Result<HttpReply>)> on_done;
  // Optional; asked several times a second: true cancels the transfer.
  std::function<bool()> abandoned;
  // Optional; asked before each piece: false, and nothing more is read from the other side until it
  // is true again (asked anew some 50 times a second). `between` rests meanwhile, `total` does not.
  // What is under way is bounded by the socket's buffers and one piece of curl's (16 KiB).
  std::function<bool()> ready;
};

class HttpClient {
 public:
  HttpClient();
  // Cancels what is under way; every on_done is called before it returns.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void start(HttpRequest request, HttpStream stream);

  // Cancels what is under way, as the destructor does; what is started later is cancelled at once,
  // on the caller's thread.
  void stop();

  // Waits for the whole reply; must not be called from a callback. `abandoned` as in HttpStream.
  Result<HttpReply> fetch(HttpRequest request, std::function<bool()> abandoned = nullptr);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace ai_bot
