#include "channels/dingtalk.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/dingtalk_content.h"
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

// Ids of people who are not of the company ("$:LWCP_v1:$…") can't be mentioned.
bool is_staff(const std::string& user) { return !user.empty() && !user.starts_with('$'); }

// Who is answered, at the head of a message in a group.
std::string head_for(const std::string& user, const std::string& nick) {
  if (is_staff(user)) return "@" + user + " \n\n";
  std::string name;
  for (const char c : name_in_text(nick))
    if (std::string_view("#*`>[]()_~!<\\|").find(c) == std::string_view::npos) name += c;
  name = trim(name);
  return name.empty() ? "" : guarded_text("@" + name, is_mention) + " \n\n";
}

// A number, also where it stands as a text.
int64_t number_in(const json& object, const char* key) {
  return plain_number(text_or(object, key)).value_or(number_or(object, key));
}

// Where that is not told, whether the bot is among those who are ("Robot receives messages").
bool is_mentioned(const json& message, const std::string& bot) {
  const auto told = message.find("isInAtList");
  if (told != message.end() && told->is_boolean()) return told->get<bool>();
  if (text_or(message, "isInAtList") == "true") return true;
  const json& people = list_in(message, "atUsers");
  return std::any_of(people.begin(), people.end(), [&](const json& person) {
    return person.is_object() && !bot.empty() && text_or(person, "dingtalkId") == bot;
  });
}

// A draft is the card's outTrackId, and the id by which the robot can recall it where that is told.
std::string track_of(const std::string& draft) {
  return draft.substr(0, draft.find(DingTalkChannel::kCarrier));
}

std::string title_of(const std::string& text) {
  const std::string_view line = std::string_view(text).substr(0, text.find('\n'));
  std::string title;
  for (const char c : truncate_utf8(line, kTitleBytes))
    if (std::string_view("#*`>\\").find(c) == std::string_view::npos) title += c;
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
  const std::string bot = text_or(message, "chatbotUserId");
  const std::string sender = text_or(message, "senderId");
  Incoming incoming;
  incoming.event_id = text_or(message, "msgId");
  incoming.chat = text_or(message, "conversationId");
  incoming.sender = text_or(message, "senderStaffId");
  if (incoming.sender.empty()) incoming.sender = sender;  // somebody from outside
  incoming.direct = number_in(message, "conversationType") == 1;
  incoming.addressed = is_mentioned(message, bot);
  incoming.from_bot = !bot.empty() && sender == bot;
  read_dingtalk_content(message, incoming);
  incoming.address = {{"conversation", incoming.chat},
                      {"user", incoming.sender},
                      {"nick", text_or(message, "senderNick")},
                      {"direct", incoming.direct},
                      {"webhook", text_or(message, "sessionWebhook")},
                      {"until", number_in(message, "sessionWebhookExpiredTime")}};
  Reading received = decide(config_, limits_, std::move(incoming), now_ms);
  received.answer.body = R"({"msgtype":"empty"})";
  return received;
}

std::vector<std::string> DingTalkChannel::compose(const std::string& answer) const {
  static const Dialect dialect = [] {
    Dialect dingtalk = plain_markdown(is_mention, {.marks = "*_~`\\&"});
    dingtalk.borders = Dialect::Borders::kInside;
    dingtalk.size = utf16_size;
    dingtalk.most = kLongestText;
    return dingtalk;
  }();
  return render_markdown(answer, dialect, parts_of(config_));
}

std::string DingTalkChannel::address_for(const std::string& chat) const {
  if (chat.starts_with(kGroupId)) return json{{"conversation", chat}, {"direct", false}}.dump();
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
                       {{"outTrackId", track_of(reply.draft)},
                        {"guid", uuid_of(reply.draft + reply.text)},
                        {"key", kCardText},
                        {"content", reply.text},
                        {"isFull", true},
                        {"isFinalize", false},
                        {"isError", false}},
                       token);
  }
  json body = {{"outTrackId", reply.growing ? reply.idempotency_key : track_of(reply.draft)},
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
    body["imGroupOpenDeliverModel"] = {{"robotCode", config_.client_id}};
    if (is_staff(user))
      body["imGroupOpenDeliverModel"]["atUserIds"] = {{user, text_or(address, "nick")}};
  }
  return api_request("POST", "/v1.0/card/instances/createAndDeliver", body, token);
}

HttpRequest DingTalkChannel::render(const Reply& reply, const std::string& token,
                                    int64_t now_ms) const {
  if (reply.growing || !reply.draft.empty()) return card_request(reply, token);
  const json address = address_of(reply);
  // An address that came in a message is used only where it is DingTalk's.
  const auto webhook = platforms_address(
      config_, text_or(address, "webhook"),
      {"oapi.dingtalk.com", "api.dingtalk.com", "oapi.dingtalk.io", "api.dingtalk.io"});
  const int64_t until = number_or(address, "until");  // 0: not told
  const bool in_time = until == 0 || until > now_ms + kWebhookMarginMs;
  return webhook && in_time && !reply.way.outside_thread
             ? session_request(reply, address, webhook->text())
             : robot_request(reply, address, token);
}

HttpRequest DingTalkChannel::session_request(const Reply& reply, const json& address,
                                             const std::string& webhook) const {
  const std::string user = text_or(address, "user");
  const bool names = !flag_or(address, "direct") && reply.part == 0;
  const std::string text = (names ? head_for(user, text_or(address, "nick")) : "") + reply.text;
  json body = {{"msgtype", "text"}, {"text", {{"content", text}}}};
  if (!reply.way.plain) {
    body = {{"msgtype", "markdown"},
            {"markdown", {{"title", title_of(reply.text)}, {"text", text}}}};
  }
  if (names && is_staff(user)) body["at"] = {{"atUserIds", {user}}};
  return json_request(config_, "POST", webhook, body);
}

HttpRequest DingTalkChannel::robot_request(const Reply& reply, const json& address,
                                           const std::string& token) const {
  const json parameters = reply.way.plain
                              ? json{{"content", reply.text}}
                              : json{{"title", title_of(reply.text)}, {"text", reply.text}};
  json body = {{"robotCode", config_.client_id},
               {"msgKey", reply.way.plain ? "sampleText" : "sampleMarkdown"},
               {"msgParam", parameters.dump(-1, ' ', false, json::error_handler_t::replace)}};
  const bool direct = flag_or(address, "direct");
  if (direct) {
    body["userIds"] = {text_or(address, "user")};
  } else {
    body["openConversationId"] = text_or(address, "conversation");
  }
  return api_request(
      "POST", direct ? "/v1.0/robot/oToMessages/batchSend" : "/v1.0/robot/groupMessages/send", body,
      token);
}

std::optional<HttpRequest> DingTalkChannel::retract(const Reply& reply,
                                                    const std::string& token) const {
  const size_t end = reply.draft.find(kCarrier);
  if (end == std::string::npos) return std::nullopt;
  const json address = address_of(reply);
  json body = {{"robotCode", config_.client_id},
               {"processQueryKeys", {reply.draft.substr(end + 1)}}};
  if (flag_or(address, "direct"))
    return api_request("POST", "/v1.0/robot/otoMessages/batchRecall", body, token);
  body["openConversationId"] = text_or(address, "conversation");
  return api_request("POST", "/v1.0/robot/groupMessages/recall", body, token);
}

std::optional<HttpRequest> DingTalkChannel::token_request() const {
  return json_request(
      config_, "POST", url("/v1.0/oauth2/accessToken"),
      {{"appKey", config_.client_id}, {"appSecret", config_.client_secret.reveal()}});
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
