#include "net/http_transfer.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "core/guarded.h"
#include "net/address.h"
#include "net/url.h"

namespace ai_bot {
namespace {

bool is_on_this_machine(const std::string& address) {
  const auto url = parse_url(address);
  if (!url) return false;
  std::string host = url->host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return is_loopback(host);
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

bool was_sent(const Transfer& transfer) {
  long bytes = 0;
  return curl_easy_getinfo(transfer.easy.get(), CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK &&
         bytes > 0;
}

}  // namespace

tl::unexpected<Error> timed_out(const char* what_en, const char* what_zh, milliseconds limit) {
  return fail(Code::kTimeout, fmt::format("no {} within {} ms", what_en, limit.count()),
              fmt::format("{} 毫秒内没有{}", limit.count(), what_zh));
}

bool init_curl() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

void prepare_connection(CURL* easy, const std::string& url, const std::string& proxy,
                        milliseconds timeout) {
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A look-up that a silent name server keeps waiting is left to its own thread when its asker
  // goes; otherwise the loop, and so all other requests, would wait for it.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "ai_bot");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
  if (!proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, proxy.c_str());
  } else if (is_on_this_machine(url)) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  }
}

void prepare(Transfer& transfer) {
  const HttpRequest& request = transfer.request;
  CURL* easy = transfer.easy.get();
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers)
    list = curl_slist_append(list, fmt::format("{}: {}", name, value).c_str());
  list = curl_slist_append(list, "Expect:");  // no 100-continue round trip
  transfer.headers.reset(list);
  prepare_connection(easy, request.url, request.proxy, request.timeouts.connect);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
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
  }
  if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    if (request.method != "POST")
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
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

}  // namespace ai_bot
