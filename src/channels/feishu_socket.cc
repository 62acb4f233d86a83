#include "channels/feishu_socket.h"

#include <algorithm>
#include <array>

#include "channels/incoming.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// Wire types of protobuf's encoding.
constexpr int kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;
constexpr int64_t kControl = 0, kData = 1;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty(); }

  std::optional<uint64_t> varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> bytes() {
    const auto size = varint();
    if (!size || *size > bytes_.size()) return std::nullopt;
    const std::string_view out = bytes_.substr(0, *size);
    bytes_.remove_prefix(*size);
    return out;
  }

  // A field of a type nobody asked for.
  bool skip(int wire_type) {
    if (wire_type == kVarint) return varint().has_value();
    if (wire_type == kBytes) return bytes().has_value();
    const size_t size = wire_type == kFixed64 ? 8 : wire_type == kFixed32 ? 4 : bytes_.size() + 1;
    if (size > bytes_.size()) return false;
    bytes_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view bytes_;
};

void put_varint(std::string& out, uint64_t value) {
  for (; value > 127; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

void put_number(std::string& out, int field, uint64_t value) {
  put_varint(out, static_cast<uint64_t>(field << 3 | kVarint));
  put_varint(out, value);
}

void put_bytes(std::string& out, int field, std::string_view bytes) {
  put_varint(out, static_cast<uint64_t>(field << 3 | kBytes));
  put_varint(out, bytes.size());
  out += bytes;
}

std::optional<std::pair<std::string, std::string>> read_header(std::string_view bytes) {
  std::pair<std::string, std::string> header;
  for (Reader reader(bytes); !reader.at_end();) {
    const auto tag = reader.varint();
    if (!tag) return std::nullopt;
    const uint64_t field = *tag >> 3;
    if ((*tag & 7) == kBytes && (field == 1 || field == 2)) {
      const auto text = reader.bytes();
      if (!text) return std::nullopt;
      (field == 1 ? header.first : header.second) = *text;
    } else if (!reader.skip(static_cast<int>(*tag & 7))) {
      return std::nullopt;
    }
  }
  return header;
}

bool read_bytes_field(FeishuFrame& frame, uint64_t field, std::string_view bytes) {
  switch (field) {
    case 5: {
      auto header = read_header(bytes);
      if (header) frame.headers.push_back(std::move(*header));
      return header.has_value();
    }
    case 6:
      frame.payload_encoding = bytes;
      break;
    case 7:
      frame.payload_type = bytes;
      break;
    case 8:
      frame.payload = bytes;
      break;
    case 9:
      frame.log_id_new = bytes;
      break;
    default:
      break;
  }
  return true;
}

void read_number_field(FeishuFrame& frame, uint64_t field, uint64_t value) {
  if (field == 1) frame.seq_id = value;
  if (field == 2) frame.log_id = value;
  if (field == 3) frame.service = static_cast<int64_t>(value);
  if (field == 4) frame.method = static_cast<int64_t>(value);
}

// "…&service_id=33&…"
int64_t service_of(const std::string& address) {
  const std::string key = "service_id=";
  const size_t at = address.find(key);
  if (at == std::string::npos) return 0;
  const size_t begin = at + key.size();
  return plain_number(address.substr(begin, address.find('&', begin) - begin)).value_or(0);
}

}  // namespace

std::string FeishuFrame::header(std::string_view key) const {
  const auto at = std::find_if(headers.begin(), headers.end(),
                               [&](const auto& header) { return header.first == key; });
  return at == headers.end() ? "" : at->second;
}

std::optional<FeishuFrame> read_feishu_frame(std::string_view bytes) {
  FeishuFrame frame;
  for (Reader reader(bytes); !reader.at_end();) {
    const auto tag = reader.varint();
    if (!tag) return std::nullopt;
    const int wire_type = static_cast<int>(*tag & 7);
    if (wire_type == kVarint) {
      const auto value = reader.varint();
      if (!value) return std::nullopt;
      read_number_field(frame, *tag >> 3, *value);
    } else if (wire_type == kBytes) {
      const auto value = reader.bytes();
      if (!value || !read_bytes_field(frame, *tag >> 3, *value)) return std::nullopt;
    } else if (!reader.skip(wire_type)) {
      return std::nullopt;
    }
  }
  return frame;
}

std::string write_feishu_frame(const FeishuFrame& frame) {
  std::string out;
  put_number(out, 1, frame.seq_id);
  put_number(out, 2, frame.log_id);
  put_number(out, 3, static_cast<uint64_t>(frame.service));
  put_number(out, 4, static_cast<uint64_t>(frame.method));
  for (const auto& [key, value] : frame.headers) {
    std::string header;
    put_bytes(header, 1, key);
    put_bytes(header, 2, value);
    put_bytes(out, 5, header);
  }
  if (!frame.payload_encoding.empty()) put_bytes(out, 6, frame.payload_encoding);
  if (!frame.payload_type.empty()) put_bytes(out, 7, frame.payload_type);
  if (!frame.payload.empty()) put_bytes(out, 8, frame.payload);
  if (!frame.log_id_new.empty()) put_bytes(out, 9, frame.log_id_new);
  return out;
}

HttpRequest FeishuSocket::open_request() const {
  return json_request(config_, "POST",
                      base_of(config_, "https://open.feishu.cn") + "/callback/ws/endpoint",
                      {{"AppID", config_.app_id}, {"AppSecret", config_.app_secret.reveal()}});
}

Result<std::string> FeishuSocket::read_address(const HttpReply& response, int64_t) {
  const json body = object_of(response.body);
  const json& data = object_in(body, "data");
  const std::string address = text_or(data, "URL");
  if (number_or(body, "code", -1) == 0 && !address.empty()) {
    const auto own =
        platforms_socket(config_, address, {"feishu.cn", "larksuite.com", "larkoffice.com"});
    if (!own) return foreign_socket("Feishu");
    service_ = service_of(own->text());
    take(object_in(data, "ClientConfig"));
    return own->text();
  }
  const std::string why = text_or(body, "msg", "HTTP " + std::to_string(response.status));
  // Busy, an internal error, too many connections (the SDKs' constants).
  constexpr std::array<int64_t, 3> kPassing = {1, 1000040343, 1000040350};
  const bool passes =
      body.empty() || is_passing(response.status) ||
      std::find(kPassing.begin(), kPassing.end(), number_or(body, "code")) != kPassing.end();
  return fail(passes ? Code::kUnavailable : Code::kUnauthorized,
              "app_id or app_secret: Feishu answers '" + why +
                  "'; choose 'long connection' under Events & Callbacks",
              "app_id 或 app_secret：飞书返回“" + why + "”；请在“事件与回调”中选择长连接");
}

// ReconnectCount is not kept to: nobody would begin again after the last attempt.
void FeishuSocket::take(const json& client_config) {
  const auto read = [&](const char* key, int64_t most, milliseconds& value) {
    const int64_t seconds = number_or(client_config, key);
    if (seconds > 0) value = std::chrono::seconds(std::min(seconds, most));
  };
  read("PingInterval", 3600, ping_every_);
  read("ReconnectNonce", 300, reconnect_.spread);
  read("ReconnectInterval", 3600, reconnect_.between);
}

std::optional<std::string> FeishuSocket::collect(const FeishuFrame& frame) {
  const auto sum = static_cast<size_t>(plain_number(frame.header("sum")).value_or(1));
  const auto seq = static_cast<size_t>(plain_number(frame.header("seq")).value_or(0));
  if (sum <= 1) return frame.payload;
  if (sum > kMostParts || seq >= sum) return std::nullopt;
  const std::string id = frame.header("message_id");
  auto event = std::find_if(collected_.begin(), collected_.end(),
                            [&](const Collected& one) { return one.message_id == id; });
  if (event == collected_.end()) {
    if (collected_.size() == kMostCollected) collected_.pop_front();
    event = collected_.insert(collected_.end(), Collected{id, {}, 0});
  }
  const auto [part, is_new] = event->parts.try_emplace(seq, frame.payload);
  if (is_new) event->bytes += part->second.size();
  const bool is_whole = event->parts.size() >= sum;
  if (!is_whole && event->bytes <= kLargestEvent) return std::nullopt;
  std::optional<std::string> whole;
  if (event->bytes <= kLargestEvent) {
    whole.emplace();
    for (const auto& [number, text] : event->parts) *whole += text;
  }
  collected_.erase(event);
  return whole;
}

SocketStep FeishuSocket::on_frame(std::string_view bytes, const Identity* self, int64_t now_ms) {
  SocketStep step;
  auto frame = read_feishu_frame(bytes);
  if (!frame) step.reading = ignored("unreadable");
  if (frame && frame->method == kControl && frame->header("type") == "pong")
    take(object_of(frame->payload));
  if (!frame || frame->method != kData) return step;
  if (frame->header("type") == "event") {
    const auto event = collect(*frame);
    if (!event) return step;
    const json payload = parse_json(*event);
    auto reading = payload.is_object() ? channel_.read(payload, self, now_ms)
                                       : Result<Reading>(ignored("unreadable"));
    if (!reading) return step;  // not acknowledged: it comes again
    step.reading = std::move(*reading);
  } else {
    step.reading = ignored("unknown");  // a card's button and the like
  }
  frame->payload = R"({"code":200})";
  frame->headers.emplace_back("biz_rt", "0");
  step.acknowledgement = write_feishu_frame(*frame);
  return step;
}

std::string FeishuSocket::heartbeat() {
  FeishuFrame ping;
  ping.service = service_;
  ping.method = kControl;
  ping.headers = {{"type", "ping"}};
  return write_feishu_frame(ping);
}

}  // namespace ai_bot
