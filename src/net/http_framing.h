// Where one HTTP/1.x request ends and the next begins, read more strictly than the web framework
// behind it does: what two readers could take differently (two lengths, a length with a sign, a
// header line without a colon; RFC 9112, 11.2) is refused, and so is what is longer than allowed,
// before it takes memory. Parsed by http-parser (docs/decisions/0010-connections.md).
#pragma once

#include <http_parser.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace ai_bot {

struct HttpLimits {
  size_t max_header = 16 << 10;  // bytes of the request line and the headers
  size_t max_body = 1 << 20;     // bytes
};

class HttpFraming {
 public:
  explicit HttpFraming(const HttpLimits& limits);
  HttpFraming(const HttpFraming&) = delete;
  HttpFraming& operator=(const HttpFraming&) = delete;

  enum class State {
    kHeader,    // more of the header is needed
    kBody,      // the header is whole and within the limits, more of the body is needed
    kComplete,  // the request ends with the bytes that were taken
    kRefused,   // refusal() says why; nothing after it can be read
  };

  // Reads bytes that follow those of the last call. Returns how many of them belong to this
  // request: all, unless it is complete or refused. What it comes to does not depend on how the
  // bytes were cut into calls.
  size_t feed(std::string_view bytes);

  // After kComplete: the next request of the connection.
  void next();

  State state() const { return state_; }
  bool begun() const { return header_bytes_ > 0; }
  size_t body_bytes() const { return body_bytes_; }
  // Of a complete request: whether its connection serves another one.
  bool keeps_alive() const { return keeps_alive_; }

  struct Refusal {
    int status = 400;  // 400, 413, 431 or 505
    const char* en = "";
    const char* zh = "";
  };
  const Refusal& refusal() const { return refusal_; }

 private:
  static const http_parser_settings& settings();
  static HttpFraming& self(http_parser* parser) { return *static_cast<HttpFraming*>(parser->data); }
  static int on_field(http_parser* parser, const char* at, size_t size);
  static int on_value(http_parser* parser, const char* at, size_t size);
  static int on_header(http_parser* parser);
  static int on_body(http_parser* parser, const char* at, size_t size);
  static int on_complete(http_parser* parser);

  size_t feed_header(std::string_view bytes);
  size_t execute(std::string_view bytes);
  void field_ends();
  void refuse(int status, const char* en, const char* zh);

  const HttpLimits limits_;
  http_parser parser_{};
  State state_ = State::kHeader;
  Refusal refusal_;
  size_t header_bytes_ = 0;
  size_t body_bytes_ = 0;
  bool keeps_alive_ = true;
  bool in_value_ = false;
  std::string
      field_;  // the name of the header that is read, in lower case, cut to what we look for
  int hosts_ = 0;
  char last_ = 0;  // byte of the header
};

}  // namespace ai_bot
