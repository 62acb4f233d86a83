#include "channels/slack.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "channels/incoming.h"
#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "channels/slack_socket.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// What stands between '<' and '>' in a message ("Formatting text for app surfaces").
std::string link_text(std::string_view inside, const std::string& bot) {
  const size_t bar = inside.find('|');
  const std::string target(inside.substr(0, bar));
  const std::string label(bar == std::string_view::npos ? "" : inside.substr(bar + 1));
  if (target.empty()) return "";
  const std::string rest = target.substr(1);
  switch (target.front()) {
    case '@':
      return rest == bot ? "" : "@" + (label.empty() ? rest : label);
    case '#':
      return "#" + (label.empty() ? rest : label);
    case '!':
      return label.empty() ? "@" + rest : label;
    default:
      return label.empty() || label == target ? target : fmt::format("{} ({})", label, target);
  }
}

std::string plain_text(std::string_view text, const std::string& bot) {
  std::string out;
  while (!text.empty()) {
    const size_t open = text.find('<');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const size_t close = text.find('>', open);
    if (close == std::string_view::npos) {
      out += text.substr(open);
      break;
    }
    out += link_text(text.substr(open + 1, close - open - 1), bot);
    text.remove_prefix(close + 1);
  }
  return replaced(replaced(replaced(out, "&lt;", "<"), "&gt;", ">"), "&amp;", "&");
}

// Nothing but "<" makes a mention or a link ("Formatting text for app surfaces").
std::string escaped(std::string_view raw) {
  return replaced(replaced(replaced(raw, "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

Dialect mrkdwn() {
  Dialect dialect = plain_markdown();
  dialect.escape = escaped;
  dialect.strong = [](const std::string& text) { return "*" + text + "*"; };
  dialect.emphasis = [](const std::string& text) { return "_" + text + "_"; };
  dialect.strike = [](const std::string& text) { return "~" + text + "~"; };
  dialect.code = [](std::string_view raw) { return "`" + escaped(without_backticks(raw)) + "`"; };
  dialect.bare_link = nullptr;
  dialect.mail_links = true;
  dialect.link = [](const std::string& text, const std::string& address) {
    return fmt::format("<{}|{}>", escaped(address), text);
  };
  dialect.heading = [](int, const std::string& text) { return "*" + text + "*"; };
  dialect.code_block = [](const std::string&, std::string_view raw) {
    return fmt::format("```\n{}\n```", escaped(without_fences(raw)));
  };
  dialect.quotes = 1;
  dialect.size = utf16_size;
  dialect.most = SlackChannel::kLongestText;
  return dialect;
}

std::vector<Attachment> attachments_of(const json& event) {
  std::vector<Attachment> list;
  const auto files = event.find("files");
  if (files == event.end() || !files->is_array()) return list;
  for (const json& file : *files) {
    if (!file.is_object()) continue;
    const std::string type = type_of_mime(text_or(file, "mimetype"));
    list.push_back({text_or(file, "id"), text_or(file, "name"), type, number_or(file, "size")});
  }
  return list;
}

std::string bot_of(const json& payload) {
  const auto list = payload.find("authorizations");
  if (list == payload.end() || !list->is_array() || list->empty()) return "";
  return list->front().is_object() ? text_or(list->front(), "user_id") : "";
}

// Errors of the Web API that a later attempt may get past ("Errors" of chat.postMessage).
const std::set<std::string> kPassing = {
    "ratelimited",         "rate_limited",    "internal_error",    "fatal_error",
    "service_unavailable", "request_timeout", "team_added_to_org", "message_limit_exceeded"};

}  // namespace

SlackChannel::SlackChannel(ChannelConfig config, const ChannelLimits& limits)
    : config_(std::move(config)), limits_(limits) {}

bool SlackChannel::is_passing_error(const std::string& error) { return kPassing.contains(error); }

std::string SlackChannel::url(const char* method) const {
  return base_of(config_, "https://slack.com/api") + "/" + method;
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
  // A form is a slash command or a button.
  if (!payload.is_object())
    return ignored(request.body.starts_with('{') ? "unreadable" : "unknown");
  if (text_or(payload, "type") == "url_verification") {
    return handshake({200, "text/plain", text_or(payload, "challenge")});
  }
  return read(payload, request.now_ms);
}

Reading SlackChannel::read(const json& payload, int64_t now_ms) const {
  const auto found = payload.find("event");
  if (text_or(payload, "type") != "event_callback" || found == payload.end() ||
      !found->is_object()) {
    return ignored("unknown");
  }
  const json& event = *found;
  const std::string type = text_or(event, "type");
  const std::string subtype = text_or(event, "subtype");
  const std::string bot = bot_of(payload);
  Incoming incoming;
  incoming.chat = text_or(event, "channel");
  incoming.sender = text_or(event, "user");
  const std::string ts = text_or(event, "ts");
  if (type == "message" || type == "app_mention") {
    if (!subtype.empty() && subtype != "file_share" && subtype != "thread_broadcast" &&
        subtype != "bot_message") {
      return ignored("unknown");
    }
    const std::string text = text_or(event, "text");
    incoming.event_id = ts + ":" + incoming.chat;
    incoming.from_bot = subtype == "bot_message" || !text_or(event, "bot_id").empty() ||
                        (!bot.empty() && incoming.sender == bot);
    incoming.direct = text_or(event, "channel_type") == "im";
    incoming.addressed = type == "app_mention" || text_or(event, "parent_user_id") == bot ||
                         (!bot.empty() && (text.find("<@" + bot + ">") != std::string::npos ||
                                           text.find("<@" + bot + "|") != std::string::npos));
    if (bot.empty() && type != "app_mention") incoming.addressed = false;
    incoming.text = plain_text(text, bot);
    incoming.attachments = attachments_of(event);
    // In a group the answer opens a thread at the question, which is then the conversation.
    const std::string thread = text_or(event, "thread_ts", incoming.direct ? "" : ts);
    incoming.thread = thread;
    incoming.address = {{"channel", incoming.chat}};
    if (!thread.empty()) incoming.address["thread_ts"] = thread;
    if (!incoming.direct) incoming.address["user"] = incoming.sender;
    return decide(config_, limits_, std::move(incoming), now_ms);
  }
  if (type == "member_joined_channel" || type == "member_left_channel") {
    const bool joined = type == "member_joined_channel";
    const bool self = !bot.empty() && incoming.sender == bot;
    using Kind = Incoming::Kind;
    incoming.kind = joined ? (self ? Kind::kBotAdded : Kind::kMemberJoined)
                           : (self ? Kind::kBotRemoved : Kind::kMemberLeft);
    incoming.event_id = text_or(payload, "event_id");
    incoming.address = {{"channel", incoming.chat}};
    if (incoming.kind == Kind::kMemberJoined) incoming.address["user"] = incoming.sender;
    return decide(config_, limits_, std::move(incoming), now_ms);
  }
  return ignored("unknown");
}

std::vector<std::string> SlackChannel::compose(const std::string& answer) const {
  static const Dialect dialect = mrkdwn();
  return render_markdown(answer, dialect, parts_of(config_));
}

std::string SlackChannel::address_for(const std::string& chat) const {
  return json{{"channel", chat}}.dump();
}

HttpRequest SlackChannel::render(const Reply& reply, const std::string&, int64_t) const {
  const json address = address_of(reply);
  json body = {{"channel", text_or(address, "channel")}, {"unfurl_links", false}};
  std::string text = reply.text;
  if (const std::string user = text_or(address, "user"); !user.empty() && reply.part == 0)
    text = fmt::format("<@{}> {}", user, text);
  body["text"] = text;
  const std::string authorization = "Bearer " + config_.bot_token.reveal();
  if (!reply.draft.empty()) {
    body.erase("unfurl_links");
    body["ts"] = reply.draft;
    body["parse"] = "none";  // chat.update's default is another than chat.postMessage's
    return json_request(config_, "POST", url("chat.update"), body, authorization);
  }
  body["client_msg_id"] = uuid_of(reply.idempotency_key);
  if (const std::string thread = text_or(address, "thread_ts"); !thread.empty())
    body["thread_ts"] = thread;
  return json_request(config_, "POST", url("chat.postMessage"), body, authorization);
}

Delivery SlackChannel::judge(const HttpReply& response) const {
  if (response.status != 200) return by_status(response);
  const json body = object_of(response.body);
  if (flag_or(body, "ok")) {
    Delivery delivered;
    delivered.message_id = text_or(body, "ts");
    return delivered;
  }
  const std::string error = text_or(body, "error", "no answer that can be read");
  // The same client_msg_id was there: an earlier attempt had arrived.
  if (error == "duplicate_message") return {};
  const bool passing = is_passing_error(error) || body.empty();
  return {passing ? Delivery::Outcome::kRetry : Delivery::Outcome::kFinal, "Slack: " + error,
          retry_after(response)};
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
  return {{json_request(config_, "POST", url("auth.test"), json::object(),
                        "Bearer " + config_.bot_token.reveal()),
           finding}};
}

}  // namespace ai_bot
