#include "channels/dingtalk_socket.h"

#include "channels/incoming.h"
#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

std::string answer_to(const json& headers, const std::string& data) {
  return json{{"code", 200},
              {"headers",
               {{"messageId", text_or(headers, "messageId")}, {"contentType", "application/json"}}},
              {"message", "OK"},
              {"data", data}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

HttpRequest DingTalkSocket::open_request() const {
  return json_request(
      config_, "POST",
      base_of(config_, "https://api.dingtalk.com") + "/v1.0/gateway/connections/open",
      {{"clientId", config_.client_id},
       {"clientSecret", config_.client_secret.reveal()},
       {"subscriptions", {{{"type", "CALLBACK"}, {"topic", kMessages}}}},
       {"ua", "ai_bot"}});
}

Result<std::string> DingTalkSocket::read_address(const HttpReply& response, int64_t) {
  const json body = object_of(response.body);
  const std::string endpoint = text_or(body, "endpoint"), ticket = text_or(body, "ticket");
  if (!endpoint.empty() && !ticket.empty()) {
    auto address = platforms_socket(config_, endpoint, {"dingtalk.com", "dingtalk.io"});
    if (!address) return foreign_socket("DingTalk");
    address->query = "ticket=" + url_escaped(ticket);  // which may hold any character
    return address->text();
  }
  const std::string why = text_or(body, "message", "HTTP " + std::to_string(response.status));
  return fail(
      body.empty() || is_passing(response.status) ? Code::kUnavailable : Code::kUnauthorized,
      "client_id or client_secret: DingTalk answers '" + why +
          "'; the robot must be in Stream mode",
      "client_id 或 client_secret：钉钉返回“" + why + "”；机器人需设为 Stream 模式");
}

SocketStep DingTalkSocket::on_frame(std::string_view frame, const Identity*, int64_t now_ms) {
  SocketStep step;
  const json message = object_of(frame);
  const auto found = message.find("headers");
  if (found == message.end() || !found->is_object()) {
    step.reading = ignored("unreadable");
    return step;
  }
  const std::string type = text_or(message, "type"), topic = text_or(*found, "topic");
  const std::string data = text_or(message, "data");
  if (type == "SYSTEM") {
    step.reconnect = topic == "disconnect";
    if (topic == "ping") step.send = {answer_to(*found, data)};
    return step;
  }
  step.acknowledgement = answer_to(*found, R"({"response":null})");
  if (type == "CALLBACK" && topic == kMessages) {
    const json event = parse_json(data);
    step.reading = event.is_object() ? channel_.read(event, now_ms) : ignored("unreadable");
  }
  return step;
}

}  // namespace ai_bot
