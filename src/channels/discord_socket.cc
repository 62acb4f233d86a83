#include "channels/discord_socket.h"

#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// "Gateway Opcodes" and "Gateway Intents".
constexpr int kDispatch = 0, kHeartbeat = 1, kIdentify = 2, kResume = 6, kReconnect = 7,
              kInvalidSession = 9, kHello = 10;
constexpr int kGuilds = 1 << 0, kGuildMessages = 1 << 9, kDirectMessages = 1 << 12,
              kMessageContent = 1 << 15;
constexpr const char* kQuery = "/?v=10&encoding=json";

}  // namespace

HttpRequest DiscordSocket::open_request() const {
  return get_request(config_, base_of(config_, "https://discord.com/api/v10") + "/gateway/bot",
                     "Bot " + config_.bot_token.reveal());
}

Result<std::string> DiscordSocket::read_address(const HttpReply& response) {
  const json body = object_of(response.body);
  if (!session_.empty() && !resume_address_.empty()) return resume_address_ + kQuery;
  if (const std::string url = text_or(body, "url"); !url.empty()) return url + kQuery;
  const std::string why = text_or(body, "message", "HTTP " + std::to_string(response.status));
  return fail(is_passing(response.status) ? Code::kUnavailable : Code::kUnauthorized,
              "bot_token: Discord answers '" + why + "'; reset it on the Bot page",
              "bot_token：Discord 返回“" + why + "”；请在 Bot 页面重置");
}

std::string DiscordSocket::identify() const {
  const std::string& token = config_.bot_token.reveal();
  if (!session_.empty()) {
    return json{{"op", kResume},
                {"d", {{"token", token}, {"session_id", session_}, {"seq", sequence_}}}}
        .dump();
  }
  return json{{"op", kIdentify},
              {"d",
               {{"token", token},
                {"intents", kGuilds | kGuildMessages | kDirectMessages | kMessageContent},
                {"properties", {{"os", "linux"}, {"browser", "ai_bot"}, {"device", "ai_bot"}}}}}}
      .dump();
}

SocketStep DiscordSocket::on_frame(std::string_view frame, const Identity*, int64_t now_ms) {
  SocketStep step;
  const json message = object_of(frame);
  const auto found = message.find("d");
  const json none = json::object();
  const json& data = found != message.end() && found->is_object() ? *found : none;
  switch (number_or(message, "op", -1)) {
    case kHello:
      heartbeat_ = milliseconds(number_or(data, "heartbeat_interval"));
      step.send = {identify()};
      break;
    case kHeartbeat:
      step.send = {heartbeat()};
      break;
    case kReconnect:
      step.reconnect = true;
      break;
    case kInvalidSession:
      if (found == message.end() || !found->is_boolean() || !found->get<bool>()) session_.clear();
      step.reconnect = true;
      break;
    case kDispatch: {
      const std::string type = text_or(message, "t");
      sequence_ = number_or(message, "s", sequence_);
      if (type == "READY") {
        session_ = text_or(data, "session_id");
        resume_address_ = text_or(data, "resume_gateway_url");
      } else {
        step.reading = channel_.read(type, data, now_ms);
      }
      break;
    }
    default:
      break;
  }
  return step;
}

std::string DiscordSocket::heartbeat() const {
  return json{{"op", kHeartbeat}, {"d", sequence_ < 0 ? json(nullptr) : json(sequence_)}}.dump();
}

}  // namespace ai_bot
