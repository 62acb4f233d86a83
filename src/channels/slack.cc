#include "channels/slack.h"

#include <fmt/format.h>

#include <cstdlib>

#include "channels/incoming.h"
#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "channels/slack_errors.h"
#include "channels/slack_socket.h"
#include "channels/slack_text.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

}  // namespace

SlackChannel::SlackChannel(ChannelConfig config, const ChannelLimits& limits)
    : config_(std::move(config)), limits_(limits) {}

bool SlackChannel::is_passing_error(const std::string& error) {
  const auto delivery = slack_delivery(error);
  return delivery && delivery->outcome == Delivery::Outcome::kRetry;
}

std::string SlackChannel::url(const char* method) const {
  return base_of(config_, "https://slack.com/api") + "/" + method;
}

HttpRequest SlackChannel::call(const char* method, const json& body) const {
  return json_request(config_, "POST", url(method), body, "Bearer " + config_.bot_token.reveal());
}

Result<Reading> SlackChannel::receive(const WebhookRequest& request) const {
  const std::string timestamp = request.header("X-Slack-Request-Timestamp");
  const auto seconds = plain_number(timestamp);
  if (!seconds || config_.signing_secret.empty()) return refused_signature();
  std::string message;
  message.reserve(timestamp.size() + 4 + request.body.size());
  message.append("v0:").append(timestamp).append(":").append(request.body);
  const std::string expected =
      "v0=" + to_hex(hmac_sha256(config_.signing_secret.reveal(), message));
  if (!equal_in_constant_time(expected, request.header("X-Slack-Signature")))
    return refused_signature();
  if (auto timely = check_signed_time(*seconds * 1000, request.now_ms, config_.tolerance); !timely)
    return fail(timely.error());
  const json payload = parse_json(request.body);
  if (!payload.is_object()) {
    if (request.body.starts_with('{')) return ignored("unreadable");
    return read_form(request.body, request.now_ms);
  }
  if (text_or(payload, "type") == "url_verification") {
    return handshake({200, "text/plain", text_or(payload, "challenge")});
  }
  return read(payload, request.self.get(), request.now_ms);
}

// Slash commands and interactions come as forms.
Reading SlackChannel::read_form(std::string_view form, int64_t now_ms) const {
  if (const std::string payload = form_value(form, "payload"); !payload.empty())
    return read_interaction(object_of(payload), now_ms);
  json command = json::object();
  for (const char* name : {"channel_id", "user_id", "text", "trigger_id", "response_url"})
    command[name] = form_value(form, name);
  return read_command(command, now_ms);
}

std::vector<std::string> SlackChannel::compose(const std::string& answer) const {
  static const Dialect dialect = slack_mrkdwn();
  return render_markdown(answer, dialect, parts_of(config_));
}

std::string SlackChannel::address_for(const std::string& chat) const {
  return json{{"channel", chat}}.dump();
}

HttpRequest SlackChannel::render(const Reply& reply, const std::string&, int64_t) const {
  const json address = address_of(reply);
  std::string text = reply.text;
  if (const std::string user = text_or(address, "user"); !user.empty() && reply.part == 0)
    text = behind_mention("<@" + user + ">", text);
  const auto response_url = platforms_address(config_, text_or(address, "response_url"),
                                              {"hooks.slack.com", "hooks.slack-gov.com"});
  if (reply.way.afresh && response_url) {
    return json_request(config_, "POST", response_url->text(),
                        {{"response_type", "in_channel"}, {"text", text}});
  }
  json body = {{"channel", text_or(address, "channel")}, {"text", text}};
  if (!reply.draft.empty()) {
    body["ts"] = reply.draft;
    body["parse"] = "none";  // chat.update's default is another than chat.postMessage's
    return call("chat.update", body);
  }
  body["unfurl_links"] = false;
  const std::string thread = text_or(address, "thread_ts");
  if (!thread.empty() && !reply.way.outside_thread) body["thread_ts"] = thread;
  return call("chat.postMessage", body);
}

Delivery SlackChannel::judge(const HttpReply& response) const {
  // What a response_url says.
  if (response.status == 200 && response.body == "ok") return {};
  const json body = object_of(response.body);
  const std::string error = text_or(body, "error");
  if (auto known = slack_delivery(error)) {
    known->retry_after = retry_after(response);
    return *known;
  }
  if (response.status != 200) return by_status(response);
  if (flag_or(body, "ok")) {
    Delivery delivered;
    delivered.message_id = text_or(body, "ts");
    return delivered;
  }
  using Outcome = Delivery::Outcome;
  return {body.empty() ? Outcome::kRetry : Outcome::kFinal,
          "Slack: " + (error.empty() ? "no answer that can be read" : error),
          retry_after(response)};
}

std::optional<HttpRequest> SlackChannel::retract(const Reply& reply, const std::string&) const {
  return call("chat.delete",
              {{"channel", text_or(address_of(reply), "channel")}, {"ts", reply.draft}});
}

std::optional<HttpRequest> SlackChannel::identity_request(const std::string&) const {
  return call("auth.test", json::object());
}

Result<Identity> SlackChannel::read_identity(const HttpReply& response) const {
  const json body = object_of(response.body);
  if (flag_or(body, "ok") && !text_or(body, "user_id").empty())
    return Identity{text_or(body, "user_id"), text_or(body, "user")};
  const std::string why = text_or(body, "error", fmt::format("HTTP status {}", response.status));
  return fail(Code::kUnavailable,
              "Slack does not say who the bot is ('" + why + "'): see bot_token",
              "Slack 未返回机器人信息（“" + why + "”）：请检查 bot_token");
}

std::unique_ptr<SocketProtocol> SlackChannel::socket() const {
  return std::make_unique<SlackSocket>(*this, config_);
}

std::optional<HttpRequest> SlackChannel::download(const Attachment& attachment,
                                                  const std::string&) const {
  return get_request(config_, url("files.info?file=") + url_escaped(attachment.id),
                     "Bearer " + config_.bot_token.reveal());
}

std::optional<HttpRequest> SlackChannel::download_from(const HttpReply& response) const {
  const json body = object_of(response.body);
  const auto file = body.find("file");
  if (file == body.end() || !file->is_object()) return std::nullopt;
  // The token goes nowhere else.
  const auto address = platforms_address(config_, text_or(*file, "url_private_download"),
                                         {"files.slack.com", "files.slack-gov.com"});
  if (!address) return std::nullopt;
  return get_request(config_, address->text(), "Bearer " + config_.bot_token.reveal());
}

std::vector<Probe> SlackChannel::probes(const std::string&) const {
  const auto finding = [](const HttpReply& response) -> std::optional<Text> {
    const json body = object_of(response.body);
    if (!flag_or(body, "ok")) {
      const std::string error = text_or(body, "error", fmt::format("HTTP {}", response.status));
      return Text{fmt::format("bot_token: Slack answers '{}'; copy the Bot User OAuth Token "
                              "(xoxb-…) from OAuth & Permissions",
                              error),
                  fmt::format("bot_token：Slack 返回“{}”；请从 OAuth & Permissions 复制 Bot User "
                              "OAuth Token（xoxb-…）",
                              error)};
    }
    const std::string scopes = "," + response.header("x-oauth-scopes") + ",";
    std::string missing;
    for (const std::string scope : {"chat:write", "app_mentions:read", "im:history"}) {
      if (scopes.find("," + scope + ",") == std::string::npos)
        missing += (missing.empty() ? "" : ", ") + scope;
    }
    if (missing.empty()) return std::nullopt;
    return Text{"missing scope: " + missing + "; add it under OAuth & Permissions and reinstall",
                "缺少权限：" + missing + "；请在 OAuth & Permissions 中添加并重新安装"};
  };
  return {{call("auth.test", json::object()), finding}};
}

}  // namespace ai_bot
