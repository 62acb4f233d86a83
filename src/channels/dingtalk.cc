#include "channels/dingtalk.h"

#include <fmt/format.h>

#include "channels/dingtalk_socket.h"
#include "channels/incoming.h"
#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr int64_t kWebhookMarginMs = 30000;
constexpr size_t kTitleBytes = 60;  // shown in the list of conversations

// dingtalk-stream's card_instance.py and card_replier.py: the public template, the field of its
// text, and what state the answer is in.
constexpr const char* kCardTemplate = "382e4302-551d-4880-bf29-a30acfab2e71.schema";
constexpr const char* kCardText = "msgContent";
constexpr const char* kCardLayout = R"({"order":["msgContent"]})";
constexpr const char* kGrowing = "2";
constexpr const char* kFinished = "3";

// errcode of a sessionWebhook ("Robot error codes").
constexpr int64_t kTooFast = 130101, kSystemBusy = -1, kSessionOver = 300001;

void read_rich_text(const json& content, Incoming& incoming) {
  const auto pieces = content.find("richText");
  if (pieces == content.end() || !pieces->is_array()) return;
  for (const json& piece : *pieces) {
    if (!piece.is_object()) continue;
    incoming.text += text_or(piece, "text");
    if (const std::string code = text_or(piece, "downloadCode"); !code.empty())
      incoming.attachments.push_back({code, "", "image", 0});
  }
}

// A message's `at` says who is told, and only our own names the asker; "@" and a number or "all" is
// shown as a mention all the same. In an address (anna@163.com) it is none.
bool is_mention(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at + 1);
  if (text[at] != '@') return false;
  if (at > 0 && (is_word(text[at - 1]) ||
                 std::string_view(".+-").find(text[at - 1]) != std::string_view::npos))
    return false;
  return starts_with_word(rest, "all") || rest.starts_with("所有人") ||
         (!rest.empty() && rest[0] >= '0' && rest[0] <= '9');
}

std::string title_of(const std::string& text) {
  const std::string_view line = std::string_view(text).substr(0, text.find('\n'));
  std::string title;
  for (const char c : truncate_utf8(line, kTitleBytes))
    if (c != '#' && c != '*' && c != '`' && c != '>') title += c;
  title = trim(title);
  return title.empty() ? "ai_bot" : guarded_text(title, is_mention);
}

}  // namespace

DingTalkChannel::DingTalkChannel(ChannelConfig config, const ChannelLimits& limits)
    : config_(std::move(config)), limits_(limits) {}

std::string DingTalkChannel::url(const char* path) const {
  return base_of(config_, "https://api.dingtalk.com") + path;
}

Result<Reading> DingTalkChannel::receive(const WebhookRequest& request) const {
  const std::string timestamp = request.header("timestamp");
  const auto at = plain_number(timestamp);
  const std::string& secret = config_.client_secret.reveal();
  if (!at || secret.empty()) return refused_signature();
  const std::string expected = to_base64(hmac_sha256(secret, timestamp + "\n" + secret));
  if (!equal_in_constant_time(expected, request.header("sign"))) return refused_signature();
  if (auto timely = check_signed_time(*at, request.now_ms, config_.tolerance); !timely)
    return fail(timely.error());
  const auto message = parse_object(request.body);
  if (!message) return fail(message.error());
  return read(*message, request.now_ms);
}

Reading DingTalkChannel::read(const json& message, int64_t now_ms) const {
  Incoming incoming;
  incoming.event_id = text_or(message, "msgId");
  incoming.chat = text_or(message, "conversationId");
  incoming.sender = text_or(message, "senderStaffId", text_or(message, "senderId"));
  incoming.direct = text_or(message, "conversationType") == "1";
  incoming.addressed = flag_or(message, "isInAtList");
  const std::string bot = text_or(message, "chatbotUserId");
  incoming.from_bot = !bot.empty() && text_or(message, "senderId") == bot;
  const std::string type = text_or(message, "msgtype");
  const json& content = object_in(message, "content");
  if (type == "text") {
    incoming.text = text_or(object_in(message, "text"), "content");
  } else if (type == "richText") {
    read_rich_text(content, incoming);
  } else if (type == "audio" && !text_or(content, "recognition").empty()) {
    incoming.text = text_or(content, "recognition");
  } else if (type == "picture" || type == "audio" || type == "video" || type == "file") {
    incoming.attachments = {{text_or(content, "downloadCode"), text_or(content, "fileName"),
                             type == "picture" ? "image" : type, 0}};
  } else {
    return ignored("unknown");
  }
  incoming.address = {{"conversation", incoming.chat},
                      {"user", incoming.sender},
                      {"nick", text_or(message, "senderNick")},
                      {"direct", incoming.direct},
                      {"webhook", text_or(message, "sessionWebhook")},
                      {"until", number_or(message, "sessionWebhookExpiredTime")}};
  Reading received = decide(config_, limits_, std::move(incoming), now_ms);
  received.answer.body = R"({"msgtype":"empty"})";
  return received;
}

std::vector<std::string> DingTalkChannel::compose(const std::string& answer) const {
  static const Dialect dialect = [] {
    Dialect dingtalk = plain_markdown(is_mention);
    dingtalk.size = utf16_size;
    dingtalk.most = kLongestText;
    return dingtalk;
  }();
  return render_markdown(answer, dialect, parts_of(config_));
}

std::string DingTalkChannel::address_for(const std::string& chat) const {
  return json{{"user", chat}, {"direct", true}}.dump();
}

HttpRequest DingTalkChannel::api_request(const char* method, const char* path, const json& body,
                                         const std::string& token) const {
  HttpRequest request = json_request(config_, method, url(path), body);
  request.headers.emplace_back("x-acs-dingtalk-access-token", token);
  return request;
}

HttpRequest DingTalkChannel::card_request(const Reply& reply, const std::string& token) const {
  if (reply.growing && !reply.draft.empty()) {
    return api_request("PUT", "/v1.0/card/streaming",
                       {{"outTrackId", reply.draft},
                        {"guid", uuid_of(reply.draft + reply.text)},
                        {"key", kCardText},
                        {"content", reply.text},
                        {"isFull", true},
                        {"isFinalize", false},
                        {"isError", false}},
                       token);
  }
  json body = {{"outTrackId", reply.growing ? reply.idempotency_key : reply.draft},
               {"cardData",
                {{"cardParamMap",
                  {{kCardText, reply.text},
                   {"flowStatus", reply.growing ? kGrowing : kFinished},
                   {"sys_full_json_obj", kCardLayout}}}}}};
  if (!reply.growing) return api_request("PUT", "/v1.0/card/instances", body, token);
  const json address = address_of(reply);
  const std::string user = text_or(address, "user");
  const bool direct = flag_or(address, "direct");
  body["cardTemplateId"] = kCardTemplate;
  body["openSpaceId"] = direct ? "dtv1.card//IM_ROBOT." + user
                               : "dtv1.card//IM_GROUP." + text_or(address, "conversation");
  if (direct) {
    body["imRobotOpenSpaceModel"] = {{"supportForward", true}};
    body["imRobotOpenDeliverModel"] = {{"spaceType", "IM_ROBOT"}};
  } else {
    body["imGroupOpenSpaceModel"] = {{"supportForward", true}};
    body["imGroupOpenDeliverModel"] = {{"robotCode", config_.client_id},
                                       {"atUserIds", {{user, text_or(address, "nick")}}}};
  }
  return api_request("POST", "/v1.0/card/instances/createAndDeliver", body, token);
}

HttpRequest DingTalkChannel::render(const Reply& reply, const std::string& token,
                                    int64_t now_ms) const {
  if (reply.growing || !reply.draft.empty()) return card_request(reply, token);
  const json address = address_of(reply);
  const std::string user = text_or(address, "user");
  const std::string title = title_of(reply.text);
  // An address that came in a message is used only where it is DingTalk's.
  const auto webhook = platforms_address(
      config_, text_or(address, "webhook"),
      {"oapi.dingtalk.com", "api.dingtalk.com", "oapi.dingtalk.io", "api.dingtalk.io"});
  const bool direct = flag_or(address, "direct");
  if (webhook && number_or(address, "until") > now_ms + kWebhookMarginMs) {
    json body = {{"msgtype", "markdown"}, {"markdown", {{"title", title}, {"text", reply.text}}}};
    if (!direct && reply.part == 0) {
      body["at"] = {{"atUserIds", {user}}};
      body["markdown"]["text"] = "@" + user + " \n\n" + reply.text;
    }
    return json_request(config_, "POST", webhook->text(), body);
  }
  json body = {{"robotCode", config_.client_id},
               {"msgKey", "sampleMarkdown"},
               {"msgParam", json{{"title", title}, {"text", reply.text}}.dump(
                                -1, ' ', false, json::error_handler_t::replace)}};
  if (direct) {
    body["userIds"] = {user};
  } else {
    body["openConversationId"] = text_or(address, "conversation");
  }
  return api_request(
      "POST", direct ? "/v1.0/robot/oToMessages/batchSend" : "/v1.0/robot/groupMessages/send", body,
      token);
}

Delivery DingTalkChannel::judge(const HttpReply& response) const {
  const json body = object_of(response.body);
  const int64_t errcode = number_or(body, "errcode");
  Delivery delivery = by_status(response);
  if (is_foreign(response)) return delivery;
  if (response.status / 100 == 2 && errcode == 0) {
    delivery.message_id = text_or(object_in(body, "result"), "outTrackId");
    return delivery;
  }
  const std::string code = text_or(body, "code", std::to_string(errcode));
  delivery.why =
      fmt::format("DingTalk: {} {}", code, text_or(body, "message", text_or(body, "errmsg")));
  if (code == "InvalidAuthentication") {
    delivery.outcome = Delivery::Outcome::kTokenExpired;
  } else if (errcode == kTooFast || errcode == kSystemBusy) {
    delivery.outcome = Delivery::Outcome::kRetry;
  } else if (code.find("QpsLimit") != std::string::npos || code.starts_with("Throttling")) {
    delivery.outcome = Delivery::Outcome::kRetry;
    delivery.whole_app = true;
  } else if (response.status / 100 == 2) {
    delivery.outcome = Delivery::Outcome::kFinal;
  }
  if (errcode == kSessionOver) delivery.outcome = Delivery::Outcome::kFinal;
  return delivery;
}

std::optional<HttpRequest> DingTalkChannel::token_request() const {
  return json_request(
      config_, "POST", url("/v1.0/oauth2/accessToken"),
      {{"appKey", config_.client_id}, {"appSecret", config_.client_secret.reveal()}});
}

Result<AccessToken> DingTalkChannel::read_token(const HttpReply& response) const {
  const json body = object_of(response.body);
  const std::string token = text_or(body, "accessToken");
  if (!token.empty()) return AccessToken{token, std::chrono::seconds(number_or(body, "expireIn"))};
  const std::string why = text_or(body, "message", fmt::format("HTTP status {}", response.status));
  return fail(is_passing(response.status) ? Code::kUnavailable : Code::kUnauthorized,
              "client_id or client_secret: DingTalk answers '" + why +
                  "'; both stand under Credentials of the app",
              "client_id 或 client_secret：钉钉返回“" + why + "”；两者见应用的“凭证与基础信息”");
}

std::unique_ptr<SocketProtocol> DingTalkChannel::socket() const {
  return std::make_unique<DingTalkSocket>(*this, config_);
}

std::optional<HttpRequest> DingTalkChannel::download(const Attachment& attachment,
                                                     const std::string& token) const {
  return api_request("POST", "/v1.0/robot/messageFiles/download",
                     {{"downloadCode", attachment.id}, {"robotCode", config_.client_id}}, token);
}

std::optional<HttpRequest> DingTalkChannel::download_from(const HttpReply& response) const {
  // DingTalk keeps files on its own hosts and in Alibaba Cloud's object storage.
  const auto address = platforms_address(config_, text_or(object_of(response.body), "downloadUrl"),
                                         {"dingtalk.com", "dingtalk.io", "aliyuncs.com"});
  if (!address) return std::nullopt;
  return get_request(config_, address->text());
}

std::vector<Probe> DingTalkChannel::probes(const std::string& token) const {
  // A message to nobody: what is refused first is a missing permission.
  HttpRequest request = api_request("POST", "/v1.0/robot/oToMessages/batchSend",
                                    {{"robotCode", config_.client_id},
                                     {"userIds", json::array()},
                                     {"msgKey", "sampleText"},
                                     {"msgParam", R"({"content":"-"})"}},
                                    token);
  const auto finding = [](const HttpReply& response) -> std::optional<Text> {
    const std::string code = text_or(object_of(response.body), "code");
    if (code.find("Forbidden") == std::string::npos) return std::nullopt;
    return Text{
        "missing permission: sending messages as the robot (qyapi_robot_sendmsg); grant it "
        "under Permissions of the app",
        "缺少权限：企业内机器人发送消息（qyapi_robot_sendmsg）；请在应用的“权限管理”中开通"};
  };
  return {{std::move(request), finding}};
}

}  // namespace ai_bot
