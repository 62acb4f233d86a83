#include "net/websocket_handshake.h"

#include <fmt/format.h>
#include <http_parser.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <strings.h>

#include <array>

namespace ai_bot {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr size_t kLongestAnswer = 16384;                               // bytes
constexpr const char* kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3

std::string base64(const unsigned char* bytes, size_t size) {
  std::string out(sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes, size, sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // its end
  return out;
}

std::string random_key() {
  std::array<unsigned char, kKeyBytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return base64(bytes.data(), bytes.size());
}

std::string request_for(const Url& url, const std::string& key) {
  const bool is_usual = url.port == (url.is_secure() ? 443 : 80);
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}{}\r\nUser-Agent: ai_bot\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n\r\n",
      url.target(), url.host, is_usual ? "" : fmt::format(":{}", url.port), key);
}

tl::unexpected<Error> no_websocket(const char* en, const char* zh) {
  return fail(Code::kUnavailable, en, zh);
}

}  // namespace

std::string websocket_accept(const std::string& key) {
  const std::string text = key + kGuid;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest.data(), digest.size());
}

class WebSocketHandshake::Answer {
 public:
  Answer() {
    http_parser_init(&parser_, HTTP_RESPONSE);
    parser_.data = this;
  }

  // How many bytes it took; fewer once it is whole, or is no HTTP.
  size_t take(std::string_view bytes) {
    size_ += bytes.size();
    return http_parser_execute(&parser_, &settings(), bytes.data(), bytes.size());
  }
  bool is_whole() const { return is_whole_; }
  bool is_broken() const {
    return size_ > kLongestAnswer || (HTTP_PARSER_ERRNO(&parser_) != HPE_OK && !is_whole_);
  }
  unsigned status() const { return parser_.status_code; }
  const std::string& accept() const { return accept_; }

 private:
  static Answer& self(http_parser* parser) { return *static_cast<Answer*>(parser->data); }

  static const http_parser_settings& settings() {
    static const http_parser_settings made = [] {
      http_parser_settings s;
      http_parser_settings_init(&s);
      s.on_header_field = [](http_parser* p, const char* at, size_t size) {
        self(p).field(at, size);
        return 0;
      };
      s.on_header_value = [](http_parser* p, const char* at, size_t size) {
        self(p).value(at, size);
        return 0;
      };
      s.on_headers_complete = [](http_parser* p) {
        self(p).is_whole_ = true;
        return 2;  // no body: what follows is the other protocol's
      };
      return s;
    }();
    return made;
  }

  void field(const char* at, size_t size) {
    if (std::exchange(in_value_, false)) field_.clear();
    field_.append(at, size);
  }
  void value(const char* at, size_t size) {
    in_value_ = true;
    if (strcasecmp(field_.c_str(), "Sec-WebSocket-Accept") == 0) accept_.append(at, size);
  }

  http_parser parser_{};
  std::string field_, accept_;
  size_t size_ = 0;
  bool in_value_ = false;
  bool is_whole_ = false;
};

WebSocketHandshake::WebSocketHandshake(const Url& url)
    : key_(random_key()), request_(request_for(url, key_)), answer_(std::make_unique<Answer>()) {}

WebSocketHandshake::~WebSocketHandshake() = default;

Result<std::optional<std::string>> WebSocketHandshake::read(std::string_view bytes) {
  const size_t taken = answer_->take(bytes);
  if (answer_->is_broken()) return no_websocket("the answer is not HTTP", "对方返回的不是 HTTP");
  if (!answer_->is_whole()) return std::nullopt;
  if (answer_->status() != HTTP_STATUS_SWITCHING_PROTOCOLS) {
    return fail(Code::kUnavailable, fmt::format("the answer is HTTP {}", answer_->status()),
                fmt::format("对方返回 HTTP {}", answer_->status()));
  }
  if (answer_->accept() != websocket_accept(key_))
    return no_websocket("the answer is not to our request (Sec-WebSocket-Accept)",
                        "响应与请求不符（Sec-WebSocket-Accept）");
  return std::string(bytes.substr(taken));
}

}  // namespace ai_bot
