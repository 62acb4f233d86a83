#include "net/http_framing.h"

#include <algorithm>

namespace ai_bot {
namespace {

constexpr size_t kLongestFieldOfInterest = 8;
constexpr int kStop = -1;  // from on_headers_complete: neither 0 nor one of its special values
// http-parser counts a header's bytes too, against one limit of the whole program: ours comes
// first.
constexpr uint32_t kParsersOwnLimit = 64 << 20;

constexpr const char* kTooManyHeaderBytesEn = "the headers are larger than server.max_header";
constexpr const char* kTooManyHeaderBytesZh = "请求头超过 server.max_header";
constexpr const char* kTooManyBodyBytesEn = "the body is larger than server.max_body";
constexpr const char* kTooManyBodyBytesZh = "请求正文超过 server.max_body";
constexpr const char* kVersionEn = "only HTTP/1.0 and HTTP/1.1 are spoken here";
constexpr const char* kVersionZh = "仅支持 HTTP/1.0 和 HTTP/1.1";

// What no value of a header holds (RFC 9110, 5.5).
bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < ' ' && c != '\t') || byte == 0x7f;
}

}  // namespace

HttpFraming::HttpFraming(const HttpLimits& limits) : limits_(limits) {
  static const bool once = (http_parser_set_max_header_size(kParsersOwnLimit), true);
  (void)once;
  next();
}

void HttpFraming::next() {
  http_parser_init(&parser_, HTTP_REQUEST);
  parser_.data = this;
  state_ = State::kHeader;
  header_bytes_ = body_bytes_ = 0;
  in_value_ = false;
  field_.clear();
  hosts_ = 0;
  last_ = 0;
}

size_t HttpFraming::feed(std::string_view bytes) {
  size_t taken = 0;
  while (state_ == State::kHeader && taken < bytes.size())
    taken += feed_header(bytes.substr(taken));
  if (state_ == State::kBody && taken < bytes.size()) taken += execute(bytes.substr(taken));
  return taken;
}

// The next bytes of one line, or the line feed at its end: judged in this order, bytes that come at
// once mean what they mean when they come one by one. Lines that end without a carriage return, or
// go on in the next line, are refused: the framework would end them elsewhere than http-parser
// does.
size_t HttpFraming::feed_header(std::string_view bytes) {
  const bool ends = bytes[0] == '\n';
  const bool folded = last_ == '\n' && (bytes[0] == ' ' || bytes[0] == '\t');
  if (folded || (ends && last_ != '\r')) {
    refuse(400, "a header line must end with CR LF and stand in one line",
           "请求头的每一行必须以 CR LF 结尾，且不能折行");
    return 0;
  }
  const size_t most = limits_.max_header - header_bytes_ + 1;
  bytes = bytes.substr(0, ends ? 1 : std::min(bytes.find('\n'), most));
  last_ = bytes.back();
  const size_t taken = execute(bytes);
  header_bytes_ += taken;
  if (state_ == State::kHeader && header_bytes_ > limits_.max_header)
    refuse(431, kTooManyHeaderBytesEn, kTooManyHeaderBytesZh);
  return taken;
}

size_t HttpFraming::execute(std::string_view bytes) {
  const size_t taken = http_parser_execute(&parser_, &settings(), bytes.data(), bytes.size());
  const http_errno error = HTTP_PARSER_ERRNO(&parser_);
  if (error == HPE_OK || error == HPE_PAUSED || state_ == State::kRefused) return taken;
  if (error == HPE_INVALID_VERSION) {
    refuse(505, kVersionEn, kVersionZh);
  } else {
    refuse(400, "this is no well-formed HTTP request", "不是格式正确的 HTTP 请求");
  }
  return taken;
}

void HttpFraming::refuse(int status, const char* en, const char* zh) {
  state_ = State::kRefused;
  refusal_ = {status, en, zh};
}

const http_parser_settings& HttpFraming::settings() {
  static const http_parser_settings settings = [] {
    http_parser_settings made;
    http_parser_settings_init(&made);
    made.on_header_field = on_field;
    made.on_header_value = on_value;
    made.on_headers_complete = on_header;
    made.on_body = on_body;
    made.on_message_complete = on_complete;
    return made;
  }();
  return settings;
}

void HttpFraming::field_ends() {
  if (in_value_ && field_ == "host") ++hosts_;
  in_value_ = false;
  field_.clear();
}

int HttpFraming::on_field(http_parser* parser, const char* at, size_t size) {
  HttpFraming& framing = self(parser);
  if (framing.in_value_) framing.field_ends();
  // Debian builds http-parser without its strictness, which would refuse this.
  if (std::string_view(at, size).find(' ') != std::string_view::npos) return 1;
  for (; size > 0 && framing.field_.size() < kLongestFieldOfInterest; ++at, --size)
    framing.field_ += static_cast<char>(*at >= 'A' && *at <= 'Z' ? *at + ('a' - 'A') : *at);
  return 0;
}

int HttpFraming::on_value(http_parser* parser, const char* at, size_t size) {
  self(parser).in_value_ = true;
  // http-parser looks at some bytes of a value only, depending on how they were cut.
  return std::any_of(at, at + size, is_control) ? 1 : 0;
}

int HttpFraming::on_header(http_parser* parser) {
  HttpFraming& framing = self(parser);
  framing.field_ends();
  // Another protocol that is offered (h2c, by some clients at each request) is not taken up: the
  // request is an ordinary one.
  parser->upgrade = 0;
  if (parser->http_major != 1 || parser->http_minor > 1) {
    framing.refuse(505, kVersionEn, kVersionZh);
    return kStop;
  }
  if (framing.hosts_ > 1 || (framing.hosts_ == 0 && parser->http_minor == 1)) {
    framing.refuse(400, "the Host header must be there, once", "必须有且只有一个 Host 请求头");
    return kStop;
  }
  const bool told = parser->content_length != UINT64_MAX;
  if (told && parser->content_length > framing.limits_.max_body) {
    framing.refuse(413, kTooManyBodyBytesEn, kTooManyBodyBytesZh);
    return kStop;
  }
  framing.state_ = State::kBody;
  return 0;
}

int HttpFraming::on_body(http_parser* parser, const char*, size_t size) {
  HttpFraming& framing = self(parser);
  framing.body_bytes_ += size;
  if (framing.body_bytes_ <= framing.limits_.max_body) return 0;
  framing.refuse(413, kTooManyBodyBytesEn, kTooManyBodyBytesZh);
  return 1;
}

int HttpFraming::on_complete(http_parser* parser) {
  HttpFraming& framing = self(parser);
  if (framing.state_ == State::kRefused) return 1;
  framing.keeps_alive_ = http_should_keep_alive(parser) != 0;
  framing.state_ = State::kComplete;
  http_parser_pause(parser, 1);
  return 0;
}

}  // namespace ai_bot
