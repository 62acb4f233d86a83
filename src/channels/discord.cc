#include "channels/discord.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "channels/discord_socket.h"
#include "channels/incoming.h"
#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// "Interaction Type", "Interaction Callback Type", "Webhook Event Payload".
constexpr int kPing = 1, kCommand = 2, kPong = 1, kDeferred = 5;
constexpr int kWebhookPing = 0;
constexpr int64_t kInteractionMs = int64_t{14} * 60 * 1000;  // a minute before the token ends
constexpr size_t kNonceLength = 25;

// "JSON error codes".
constexpr int64_t kUnknownMessage = 10008, kUnknownWebhook = 10015, kInvalidWebhookToken = 50027;

// Text options of a command, in order; a number or a flag is written out.
std::string options_text(const json& data) {
  std::string text;
  for (const json& option : list_in(data, "options")) {
    if (!option.is_object() || !option.contains("value")) continue;
    const json& value = option["value"];
    text +=
        (text.empty() ? "" : " ") + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return text;
}

// "Message Formatting". That nobody is told of it is allowed_mentions' work; this is what is shown,
// in any case of letters, to be sure.
bool is_mention(std::string_view text, size_t at) {
  constexpr size_t kLongestName = 8;  // "everyone"
  std::string rest(text.substr(at + 1, kLongestName));
  for (char& c : rest)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (text[at] == '@') return rest.starts_with("everyone") || rest.starts_with("here");
  const bool channel = rest.starts_with('#') && rest.size() > 1 && is_word(rest[1]);
  return rest.starts_with('@') || channel || rest.starts_with("id:");
}

// Mentions of people by name, of the bot not at all ("Message Formatting"). In one pass, so that a
// name is never read as a mention.
std::string plain_text(const json& message, const std::string& bot) {
  std::map<std::string, std::string, std::less<>> names;
  for (const json& user : list_in(message, "mentions")) {
    if (!user.is_object()) continue;
    const std::string id = text_or(user, "id");
    names[id] = id == bot ? "" : "@" + name_in_text(text_or(user, "username"));
  }
  constexpr std::string_view kStart = "<@";
  const std::string content = text_or(message, "content");
  std::string_view text = content;
  std::string out;
  for (size_t found; (found = text.find(kStart)) != std::string_view::npos;) {
    const size_t begin = found + kStart.size() + (text.substr(found).starts_with("<@!") ? 1 : 0);
    size_t end = begin;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    const auto name = names.find(text.substr(begin, end - begin));
    const bool known = name != names.end() && text.substr(end).starts_with('>');
    if (known) ++end;
    out.append(text.substr(0, known ? found : end)).append(known ? name->second : "");
    text.remove_prefix(end);
  }
  return out.append(text);
}

std::vector<Attachment> attachments_of(const json& message) {
  std::vector<Attachment> list;
  for (const json& file : list_in(message, "attachments")) {
    if (!file.is_object()) continue;
    const std::string type = type_of_mime(text_or(file, "content_type"));
    list.push_back(
        {text_or(file, "url"), text_or(file, "filename"), type, number_or(file, "size")});
  }
  return list;
}

}  // namespace

DiscordChannel::DiscordChannel(ChannelConfig config, const ChannelLimits& limits)
    : config_(std::move(config)), limits_(limits) {}

std::string DiscordChannel::url(const std::string& path) const {
  return base_of(config_, "https://discord.com/api/v10") + path;
}

Result<Reading> DiscordChannel::receive(const WebhookRequest& request) const {
  const std::string timestamp = request.header("X-Signature-Timestamp");
  const auto key = from_hex(config_.public_key);
  const auto signature = from_hex(request.header("X-Signature-Ed25519"));
  const auto seconds = plain_number(timestamp);
  if (!key || !signature || !seconds) return refused_signature();
  if (!verify_ed25519(*key, *signature, timestamp + std::string(request.body)))
    return refused_signature();
  if (auto timely = check_signed_time(*seconds * 1000, request.now_ms, config_.tolerance); !timely)
    return fail(timely.error());
  const auto parsed = parse_object(request.body);
  if (!parsed) return fail(parsed.error());
  const json& body = *parsed;
  const int64_t type = number_or(body, "type", -1);
  if (type == kWebhookPing) return handshake({204, "application/json", ""});
  if (body.contains("event")) {  // a webhook event: nothing there is a message
    Reading received = ignored("unknown");
    received.answer = {204, "application/json", ""};
    return received;
  }
  if (type == kPing) return handshake({200, "application/json", json{{"type", kPong}}.dump()});
  if (type != kCommand) {
    return fail(Code::kInvalid, "type: only commands (2) are understood", "type：只支持命令（2）");
  }
  return read_command(body, request.now_ms);
}

Reading DiscordChannel::read_command(const json& interaction, int64_t now_ms) const {
  const json& user = interaction.contains("member")
                         ? object_in(object_in(interaction, "member"), "user")
                         : object_in(interaction, "user");
  Incoming incoming;
  incoming.event_id = text_or(interaction, "id");
  incoming.chat = text_or(interaction, "channel_id");
  incoming.sender = text_or(user, "id");
  incoming.direct = !interaction.contains("guild_id");
  incoming.addressed = true;
  incoming.text = options_text(object_in(interaction, "data"));
  if (incoming.text.empty()) incoming.text = "/" + text_or(object_in(interaction, "data"), "name");
  incoming.address = {{"channel", incoming.chat},
                      {"interaction", text_or(interaction, "token")},
                      {"until", now_ms + kInteractionMs}};
  Reading received = decide(config_, limits_, std::move(incoming), now_ms);
  if (received.event) {
    received.answer.body = json{{"type", kDeferred}}.dump();
  } else {
    constexpr int kMessage = 4, kEphemeral = 64;
    received.answer.body =
        json{{"type", kMessage},
             {"data", {{"content", "Not here. / 此处不可用。"}, {"flags", kEphemeral}}}}
            .dump();
  }
  return received;
}

Reading DiscordChannel::read(const std::string& type, const json& data, int64_t now_ms) const {
  const std::string& bot = config_.application_id;
  Incoming incoming;
  incoming.chat = text_or(data, "channel_id");
  if (type == "MESSAGE_CREATE") {
    const int64_t kind = number_or(data, "type");
    if (kind != 0 && kind != 19) return ignored("unknown");  // DEFAULT, REPLY
    const json& author = object_in(data, "author");
    incoming.event_id = text_or(data, "id");
    incoming.sender = text_or(author, "id");
    incoming.from_bot = flag_or(author, "bot") || data.contains("webhook_id");
    incoming.direct = !data.contains("guild_id");
    for (const json& user : list_in(data, "mentions"))
      if (user.is_object() && text_or(user, "id") == bot) incoming.addressed = true;
    const json& replied = object_in(object_in(data, "referenced_message"), "author");
    if (text_or(replied, "id") == bot) incoming.addressed = true;
    incoming.text = plain_text(data, bot);
    incoming.attachments = attachments_of(data);
    incoming.address = {{"channel", incoming.chat}};
    if (!incoming.direct) {
      incoming.address["message"] = incoming.event_id;
      incoming.address["user"] = incoming.sender;
    }
    return decide(config_, limits_, std::move(incoming), now_ms);
  }
  return ignored("unknown");
}

std::vector<std::string> DiscordChannel::compose(const std::string& answer) const {
  static const Dialect dialect = [] {
    Dialect discord = plain_markdown(is_mention);
    discord.heading = [](int level, const std::string& text) {
      return std::string(static_cast<size_t>(std::min(level, 3)), '#') + " " + text;
    };
    discord.size = utf16_size;
    discord.most = kLongestText;
    return discord;
  }();
  return render_markdown(answer, dialect, parts_of(config_));
}

std::string DiscordChannel::address_for(const std::string& chat) const {
  return json{{"channel", chat}}.dump();
}

HttpRequest DiscordChannel::render(const Reply& reply, const std::string&, int64_t now_ms) const {
  const json address = address_of(reply);
  json body = {{"content", reply.text}, {"allowed_mentions", {{"parse", json::array()}}}};
  const std::string interaction = text_or(address, "interaction");
  const std::string channel = url_escaped(text_or(address, "channel"));
  if (!interaction.empty() && !reply.way.afresh && number_or(address, "until") > now_ms) {
    const std::string hook = fmt::format("/webhooks/{}/{}", url_escaped(config_.application_id),
                                         url_escaped(interaction));
    if (reply.part > 0) return json_request(config_, "POST", url(hook), body);
    return json_request(config_, "PATCH", url(hook + "/messages/@original"), body);
  }
  if (!reply.draft.empty()) {
    return json_request(
        config_, "PATCH",
        url(fmt::format("/channels/{}/messages/{}", channel, url_escaped(reply.draft))), body,
        authorization());
  }
  // The platform drops a second message with the same nonce.
  body["nonce"] = reply.idempotency_key.substr(0, kNonceLength);
  body["enforce_nonce"] = true;
  if (const std::string question = text_or(address, "message");
      !question.empty() && reply.part == 0) {
    body["message_reference"] = {{"message_id", question}, {"fail_if_not_exists", false}};
    body["allowed_mentions"]["replied_user"] = true;
  }
  return json_request(config_, "POST", url("/channels/" + channel + "/messages"), body,
                      authorization());
}

Delivery DiscordChannel::judge(const HttpReply& response) const {
  const json body = object_of(response.body);
  if (response.status / 100 == 2 && !is_foreign(response)) {
    Delivery delivered;
    delivered.message_id = text_or(body, "id");
    return delivered;
  }
  Delivery delivery = by_status(response);
  const int64_t code = number_or(body, "code");
  if (body.contains("message"))
    delivery.why = fmt::format("Discord: {} {}", code, text_or(body, "message"));
  if (code == kUnknownMessage || code == kUnknownWebhook || code == kInvalidWebhookToken)
    return other_way({.afresh = true}, std::move(delivery.why));
  if (const auto wait = seconds_in(body, "retry_after"); response.status == 429 && wait) {
    delivery.retry_after = *wait;
    delivery.whole_app = flag_or(body, "global");
  }
  return delivery;
}

std::optional<HttpRequest> DiscordChannel::typing(const std::string& address,
                                                  const std::string&) const {
  const json to = object_of(address);
  if (!text_or(to, "interaction").empty()) return std::nullopt;
  HttpRequest request =
      get_request(config_, url("/channels/" + url_escaped(text_or(to, "channel")) + "/typing"),
                  authorization());
  request.method = "POST";
  return request;
}

std::unique_ptr<SocketProtocol> DiscordChannel::socket() const {
  return std::make_unique<DiscordSocket>(*this, config_);
}

std::optional<HttpRequest> DiscordChannel::download(const Attachment& attachment,
                                                    const std::string&) const {
  const auto address =
      platforms_address(config_, attachment.id, {"cdn.discordapp.com", "media.discordapp.net"});
  if (!address) return std::nullopt;
  return get_request(config_, address->text());
}

std::vector<Probe> DiscordChannel::probes(const std::string&) const {
  const auto finding = [this](const HttpReply& response) -> std::optional<Text> {
    const json body = object_of(response.body);
    if (response.status != 200) {
      return Text{fmt::format("bot_token: Discord answers {} '{}'; reset it on the Bot page",
                              response.status, text_or(body, "message")),
                  fmt::format("bot_token：Discord 返回 {}“{}”；请在 Bot 页面重置", response.status,
                              text_or(body, "message"))};
    }
    if (text_or(body, "id") != config_.application_id) {
      return Text{"application_id is not the one of this bot_token: it is " + text_or(body, "id"),
                  "application_id 与 bot_token 不符：应为 " + text_or(body, "id")};
    }
    if (text_or(body, "verify_key") != config_.public_key) {
      return Text{"public_key is not the application's: copy it from General Information",
                  "public_key 与应用不符：请从 General Information 复制"};
    }
    constexpr int64_t kContentIntent = (1 << 18) | (1 << 19);
    if (config_.mode == "connect" && (number_or(body, "flags") & kContentIntent) == 0) {
      return Text{"the Message Content Intent is off: switch it on on the Bot page",
                  "未开启 Message Content Intent：请在 Bot 页面开启"};
    }
    return std::nullopt;
  };
  return {{get_request(config_, url("/applications/@me"), authorization()), finding}};
}

}  // namespace ai_bot
