#include "channels/discord_socket.h"

#include <algorithm>

#include "channels/incoming.h"
#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// "Gateway Opcodes" and "Gateway Intents".
constexpr int kDispatch = 0, kHeartbeat = 1, kIdentify = 2, kResume = 6, kReconnect = 7,
              kInvalidSession = 9, kHello = 10, kHeartbeatAck = 11;
constexpr int kGuilds = 1 << 0, kGuildMessages = 1 << 9, kDirectMessages = 1 << 12,
              kMessageContent = 1 << 15;
constexpr milliseconds kFastestHeartbeat{100};  // whatever Discord asks for
constexpr const char* kQuery = "v=10&encoding=json";

}  // namespace

HttpRequest DiscordSocket::open_request() const {
  return get_request(config_, base_of(config_, "https://discord.com/api/v10") + "/gateway/bot",
                     "Bot " + config_.bot_token.reveal());
}

Result<void> DiscordSocket::may_identify(const json& limit, int64_t now_ms) const {
  const auto wait_for = [](milliseconds wait, const char* en, const char* zh) {
    return fail(Error{Code::kRateLimited, {en, zh}, wait});
  };
  if (identifies_ >= kMostIdentifies && now_ms - window_began_ms_ < kIdentifyWindow.count()) {
    return wait_for(
        milliseconds(window_began_ms_ + kIdentifyWindow.count() - now_ms),
        "the connection to Discord was begun anew too often today; ai_bot waits, or "
        "Discord would reset the bot's token",
        "今天与 Discord 重新建立会话的次数过多；为避免 Discord 重置机器人 token，将等待");
  }
  if (limit.contains("remaining") && number_or(limit, "remaining") <= kKeptIdentifies) {
    const int64_t most = kIdentifyWindow.count();
    return wait_for(milliseconds(std::clamp<int64_t>(number_or(limit, "reset_after"), 60000, most)),
                    "Discord's limit of new sessions (session_start_limit) is used up; ai_bot "
                    "waits until it is reset",
                    "Discord 的会话启动次数（session_start_limit）已用尽；将等待其重置");
  }
  return {};
}

Result<std::string> DiscordSocket::read_address(const HttpReply& response, int64_t now_ms) {
  const json body = object_of(response.body);
  const bool resumes = !session_.empty() && !resume_address_.empty();
  if (const std::string url = text_or(body, "url"); resumes || !url.empty()) {
    const auto may = may_identify(object_in(body, "session_start_limit"), now_ms);
    if (!resumes && !may) return fail(may.error());
    auto address = platforms_socket(config_, resumes ? resume_address_ : url, {"discord.gg"});
    if (resumes && !address) forget_session();
    if (!address) return foreign_socket("Discord");
    address->query = kQuery;
    return address->text();
  }
  const std::string why = text_or(body, "message", "HTTP " + std::to_string(response.status));
  const bool passes = body.empty() || is_passing(response.status);
  return fail(passes ? Code::kUnavailable : Code::kUnauthorized,
              "bot_token: Discord answers '" + why + "'; reset it on the Bot page",
              "bot_token：Discord 返回“" + why + "”；请在 Bot 页面重置");
}

void DiscordSocket::forget_session() {
  session_.clear();
  resume_address_.clear();
}

void DiscordSocket::on_open() {
  unanswered_ = false;
  heartbeat_ = milliseconds(0);
  // What was not committed is repeated after a RESUME that begins before it.
  if (!uncommitted_.empty()) seen_ = *uncommitted_.begin() - 1;
  uncommitted_.clear();
}

// "Gateway Close Event Codes".
std::optional<Text> DiscordSocket::on_close(int code) {
  constexpr int kNotAuthenticated = 4003, kInvalidSequence = 4007, kSessionTimedOut = 4009;
  switch (code) {
    case 1000:
    case 1001:
    case kNotAuthenticated:
    case kInvalidSequence:
    case kSessionTimedOut:
      forget_session();
      return std::nullopt;
    case 4004:
      return Text{"bot_token: Discord does not know it (4004); reset it on the Bot page",
                  "bot_token：Discord 不认可（4004）；请在 Bot 页面重置"};
    case 4010:
    case 4011:
      return Text{"the bot is in too many servers for one connection (Discord's code " +
                      std::to_string(code) + ", sharding): ai_bot does not shard",
                  "机器人加入的服务器过多，单个连接无法承载（Discord 代码 " + std::to_string(code) +
                      "，需要分片）：ai_bot 不支持分片"};
    case 4012:
      return Text{"Discord no longer speaks this version of its gateway (4012): update ai_bot",
                  "Discord 不再支持此网关版本（4012）：请升级 ai_bot"};
    case 4013:
    case 4014:
      return Text{"Discord refuses the intents (" + std::to_string(code) +
                      "): switch on Message Content Intent on the Bot page of the application",
                  "Discord 拒绝所请求的 intents（" + std::to_string(code) +
                      "）：请在应用的 Bot 页面开启 Message Content Intent"};
    default:
      return std::nullopt;
  }
}

std::string DiscordSocket::identify(int64_t now_ms) {
  const std::string& token = config_.bot_token.reveal();
  if (!session_.empty()) {
    return json{{"op", kResume},
                {"d", {{"token", token}, {"session_id", session_}, {"seq", seen_}}}}
        .dump();
  }
  if (now_ms - window_began_ms_ >= kIdentifyWindow.count()) {
    window_began_ms_ = now_ms;
    identifies_ = 0;
  }
  ++identifies_;
  return json{{"op", kIdentify},
              {"d",
               {{"token", token},
                {"intents", kGuilds | kGuildMessages | kDirectMessages | kMessageContent},
                {"properties", {{"os", "linux"}, {"browser", "ai_bot"}, {"device", "ai_bot"}}}}}}
      .dump();
}

void DiscordSocket::on_dispatch(const json& message, const json& data, int64_t now_ms,
                                SocketStep& step) {
  const std::string type = text_or(message, "t");
  seen_ = number_or(message, "s", seen_);
  known_.learn(type, data);
  if (type == "READY") {
    session_ = text_or(data, "session_id");
    resume_address_ = text_or(data, "resume_gateway_url");
    return;
  }
  if (type == "INTERACTION_CREATE") {
    auto reading = channel_.read_interaction(data, now_ms);
    if (reading) step.request = channel_.answer_interaction(data, *reading);
    step.reading = reading ? std::move(*reading) : ignored("unreadable");
  } else {
    step.reading = channel_.read(type, data, now_ms, known_);
  }
  if (!step.reading->event) return;
  step.mark = seen_;
  uncommitted_.insert(seen_);
}

void DiscordSocket::committed(int64_t mark) { uncommitted_.erase(mark); }

SocketStep DiscordSocket::on_frame(std::string_view frame, const Identity*, int64_t now_ms) {
  SocketStep step;
  const json message = parse_json(frame);
  if (!message.is_object()) {
    step.reading = ignored("unreadable");
    return step;
  }
  const auto found = message.find("d");
  const json& data = object_in(message, "d");
  switch (number_or(message, "op", -1)) {
    case kHello:
      heartbeat_ = std::max(kFastestHeartbeat, milliseconds(number_or(data, "heartbeat_interval")));
      step.send = {identify(now_ms)};
      break;
    case kHeartbeat:
      step.send = {beat()};
      break;
    case kHeartbeatAck:
      unanswered_ = false;
      break;
    case kReconnect:
      step.reconnect = true;
      break;
    case kInvalidSession:
      if (found == message.end() || !found->is_boolean() || !found->get<bool>()) forget_session();
      step.reconnect = true;
      break;
    case kDispatch:
      on_dispatch(message, data, now_ms, step);
      break;
    default:
      break;
  }
  return step;
}

std::string DiscordSocket::beat() const {
  return json{{"op", kHeartbeat}, {"d", seen_ < 0 ? json(nullptr) : json(seen_)}}.dump();
}

std::string DiscordSocket::heartbeat() {
  unanswered_ = true;
  return beat();
}

}  // namespace ai_bot
