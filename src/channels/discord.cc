#include "channels/discord.h"

#include <fmt/format.h>

#include <algorithm>

#include "channels/discord_content.h"
#include "channels/discord_socket.h"
#include "channels/discord_text.h"
#include "channels/incoming.h"
#include "channels/markdown.h"
#include "channels/platform.h"
#include "channels/signing.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr int kWebhookPing = 0;                          // "Webhook Event Payload"
constexpr int kOrdinaryMessage = 0, kReplyMessage = 19;  // "Message Types"

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
  return read_interaction(body, request.now_ms);
}

Reading DiscordChannel::read(const std::string& type, const json& data, int64_t now_ms,
                             const DiscordKnown& known) const {
  const bool is_edit = type == "MESSAGE_UPDATE";
  if (type != "MESSAGE_CREATE" && !is_edit) return ignored("unknown");
  const int64_t kind = number_or(data, "type");
  const json& author = object_in(data, "author");
  // Without a time of editing only a preview was added, a pin set …
  if (is_edit && (text_or(data, "edited_timestamp").empty() || author.empty()))
    return ignored("unknown");
  if (kind != kOrdinaryMessage && kind != kReplyMessage) return ignored("unknown");
  const DiscordReader reader{known, known.bot().empty() ? config_.application_id : known.bot()};
  Incoming incoming;
  incoming.chat = text_or(data, "channel_id");
  incoming.parent = known.parent(incoming.chat);
  if (incoming.parent.empty()) incoming.parent = discord_thread_parent(object_in(data, "channel"));
  incoming.event_id = text_or(data, "id");
  incoming.sender = text_or(author, "id");
  incoming.from_bot = flag_or(author, "bot") || data.contains("webhook_id");
  incoming.direct = !data.contains("guild_id");
  incoming.addressed = reader.is_addressed(data);
  reader.read(data, incoming);
  incoming.address = {{"channel", incoming.chat}};
  if (!incoming.parent.empty()) incoming.address["parent"] = incoming.parent;
  if (!incoming.direct) {
    incoming.address["message"] = incoming.event_id;
    incoming.address["user"] = incoming.sender;
  }
  if (is_edit) mark_as_edit(incoming, text_or(data, "content"));
  return decide(config_, limits_, std::move(incoming), now_ms);
}

std::vector<std::string> DiscordChannel::compose(const std::string& answer) const {
  static const Dialect dialect = discord_markdown();
  return render_markdown(answer, dialect, parts_of(config_));
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
