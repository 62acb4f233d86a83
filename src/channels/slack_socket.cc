#include "channels/slack_socket.h"

#include "channels/incoming.h"
#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {

using nlohmann::json;

HttpRequest SlackSocket::open_request() const {
  return json_request(config_, "POST",
                      base_of(config_, "https://slack.com/api") + "/apps.connections.open",
                      json::object(), "Bearer " + config_.app_token.reveal());
}

Result<std::string> SlackSocket::read_address(const HttpReply& response, int64_t) {
  const json body = object_of(response.body);
  if (flag_or(body, "ok") && !text_or(body, "url").empty()) {
    const auto address =
        platforms_socket(config_, text_or(body, "url"), {"slack.com", "slack-gov.com"});
    if (!address) return foreign_socket("Slack");
    return address->text();
  }
  const std::string error = text_or(body, "error", "HTTP " + std::to_string(response.status));
  const bool passes =
      body.empty() || is_passing(response.status) || SlackChannel::is_passing_error(error);
  return fail(
      passes ? Code::kUnavailable : Code::kUnauthorized,
      "app_token: Slack answers '" + error +
          "'; it needs the scope connections:write, and Socket Mode switched on",
      "app_token：Slack 返回“" + error + "”；需要 connections:write 权限并启用 Socket Mode");
}

SocketStep SlackSocket::on_frame(std::string_view frame, const Identity* self, int64_t now_ms) {
  SocketStep step;
  const json envelope = parse_json(frame);
  if (!envelope.is_object()) {
    step.reading = ignored("unreadable");
    return step;
  }
  const std::string type = text_or(envelope, "type");
  step.reconnect = type == "disconnect";
  const std::string id = text_or(envelope, "envelope_id");
  if (id.empty()) return step;
  const json& payload = object_in(envelope, "payload");
  if (type == "events_api") step.reading = channel_.read(payload, self, now_ms);
  if (type == "slash_commands") step.reading = channel_.read_command(payload, now_ms);
  if (type == "interactive") step.reading = channel_.read_interaction(payload, now_ms);
  json acknowledgement = {{"envelope_id", id}};
  // What is answered by HTTP to the same.
  if (type == "slash_commands" && flag_or(envelope, "accepts_response_payload"))
    acknowledgement["payload"] = object_of(step.reading->answer.body);
  step.acknowledgement = acknowledgement.dump();
  return step;
}

}  // namespace ai_bot
