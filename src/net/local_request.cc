#include "net/local_request.h"

#include <http_parser.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

namespace ai_bot {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Method method_of(unsigned method) {
  switch (method) {
    case HTTP_GET:
    case HTTP_HEAD:
      return Method::kGet;
    case HTTP_POST:
      return Method::kPost;
    case HTTP_PUT:
      return Method::kPut;
    case HTTP_DELETE:
      return Method::kDelete;
    case HTTP_PATCH:
      return Method::kPatch;
    case HTTP_OPTIONS:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

}  // namespace

class LocalRequest::Parser {
 public:
  explicit Parser(LocalRequest& request) : request_(request) {
    http_parser_init(&parser_, HTTP_REQUEST);
    parser_.data = this;
  }

  // False: it is no HTTP.
  bool feed(std::string_view bytes) {
    const size_t taken = http_parser_execute(&parser_, &settings(), bytes.data(), bytes.size());
    return is_whole_ || (taken == bytes.size() && HTTP_PARSER_ERRNO(&parser_) == HPE_OK);
  }
  bool is_whole() const { return is_whole_; }

 private:
  static Parser& self(http_parser* parser) { return *static_cast<Parser*>(parser->data); }

  static const http_parser_settings& settings() {
    static const http_parser_settings made = [] {
      http_parser_settings s;
      http_parser_settings_init(&s);
      s.on_url = [](http_parser* p, const char* at, size_t size) {
        self(p).request_.path_.append(at, size);
        return 0;
      };
      s.on_header_field = [](http_parser* p, const char* at, size_t size) {
        self(p).field(at, size);
        return 0;
      };
      s.on_header_value = [](http_parser* p, const char* at, size_t size) {
        self(p).in_value_ = true;
        self(p).request_.headers_[lower(self(p).field_)].append(at, size);
        return 0;
      };
      s.on_body = [](http_parser* p, const char* at, size_t size) {
        self(p).request_.body_.append(at, size);
        return 0;
      };
      s.on_message_complete = [](http_parser* p) {
        self(p).ends();
        return 0;
      };
      return s;
    }();
    return made;
  }

  void field(const char* at, size_t size) {
    if (std::exchange(in_value_, false)) field_.clear();
    field_.append(at, size);
  }

  void ends() {
    request_.method_ = method_of(parser_.method);
    request_.is_head_ = parser_.method == HTTP_HEAD;
    request_.path_.resize(std::min(request_.path_.find('?'), request_.path_.size()));
    is_whole_ = true;
    http_parser_pause(&parser_, 1);  // what follows is no request of ours
  }

  LocalRequest& request_;
  http_parser parser_{};
  std::string field_;
  bool in_value_ = false;
  bool is_whole_ = false;
};

bool wait_for(int descriptor, short events, int stopping, SteadyTime deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_now()).count();
    if (left <= 0) return false;
    pollfd polled[] = {{descriptor, events, 0}, {stopping, POLLIN, 0}};
    const int ready = poll(polled, 2, static_cast<int>(std::min<int64_t>(left, 60000)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready > 0 && polled[1].revents != 0) return false;
    if (ready > 0 && polled[0].revents != 0) return true;
  }
}

Result<std::shared_ptr<LocalRequest>> LocalRequest::read(int connection, int stopping, size_t max,
                                                         SteadyTime deadline) {
  auto request = std::make_shared<LocalRequest>();
  Parser parser(*request);
  for (size_t size = 0; !parser.is_whole();) {
    char bytes[4096];
    if (!wait_for(connection, POLLIN, stopping, deadline))
      return fail(Code::kTimeout, "the request did not come whole in time",
                  "请求未在限定时间内完整到达");
    const ssize_t count = recv(connection, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) return fail(Code::kCancelled, "the client left", "客户端已断开");
    size += static_cast<size_t>(count);
    if (size > max) {
      return fail(Code::kTooLarge, "the request is larger than " + std::to_string(max) + " bytes",
                  "请求超过 " + std::to_string(max) + " 字节");
    }
    if (!parser.feed({bytes, static_cast<size_t>(count)}))
      return fail(Code::kInvalid, "this is not an HTTP/1.1 request", "这不是 HTTP/1.1 请求");
  }
  return request;
}

std::string_view LocalRequest::header(std::string_view name) const {
  const auto found = headers_.find(lower(name));
  return found == headers_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace ai_bot
