// What people do in Feishu, as events: messages and their edits, members.
#include <map>

#include "channels/feishu.h"
#include "channels/feishu_content.h"
#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// Of the same form as im.message.receive_v1, to apps that subscribe to it. The documentation and
// the official SDKs (2026) do not describe it yet; others' apps rely on it.
constexpr const char* kEdited = "im.message.updated_v1";

}  // namespace

Result<Reading> FeishuChannel::read(const json& payload, const Identity* self,
                                    int64_t now_ms) const {
  const json& header = object_in(payload, "header");
  const json& event = object_in(payload, "event");
  const std::string type = text_or(header, "event_type");
  if (type == "im.message.receive_v1" || type == kEdited)
    return read_message(event, type == kEdited, self, now_ms);
  using Kind = Incoming::Kind;
  Incoming incoming;
  if (type == "im.chat.member.bot.added_v1") {
    incoming.kind = Kind::kBotAdded;
  } else if (type == "im.chat.member.bot.deleted_v1") {
    incoming.kind = Kind::kBotRemoved;
  } else if (type == "im.chat.member.user.added_v1") {
    incoming.kind = Kind::kMemberJoined;
  } else if (type == "im.chat.member.user.deleted_v1" ||
             type == "im.chat.member.user.withdrawn_v1") {
    incoming.kind = Kind::kMemberLeft;
  } else {
    return ignored("unknown");
  }
  incoming.event_id = text_or(header, "event_id");
  incoming.chat = text_or(event, "chat_id");
  incoming.address = {{"chat_id", incoming.chat}};
  return decide(config_, limits_, std::move(incoming), now_ms);
}

Result<Reading> FeishuChannel::read_message(const json& event, bool is_edited, const Identity* self,
                                            int64_t now_ms) const {
  const json& message = object_in(event, "message");
  const json& sender = object_in(event, "sender");
  const std::string id = text_or(message, "message_id");
  if (id.empty()) return ignored("unreadable");
  FeishuContent content =
      read_feishu_content(text_or(message, "message_type"), text_or(message, "content"), id);
  Incoming incoming;
  incoming.event_id = id;
  if (is_edited) mark_as_edit(incoming, content.text);
  incoming.chat = text_or(message, "chat_id");
  incoming.thread = text_or(message, "thread_id");
  incoming.sender = text_or(object_in(sender, "sender_id"), "open_id");
  incoming.from_bot = text_or(sender, "sender_type") != "user";
  incoming.direct = text_or(message, "chat_type") == "p2p";
  incoming.address = {{"chat_id", incoming.chat}};
  incoming.attachments = std::move(content.attachments);
  incoming.unreadable = std::move(content.unreadable);
  if (const std::string parent = text_or(message, "parent_id"); !parent.empty())
    incoming.attachments.push_back({parent, "", "quote", 0});

  std::map<std::string, std::string> names = {{"@_all", "@all"}};
  if (const json& mentions = list_in(message, "mentions"); !mentions.empty()) {
    if (!incoming.direct && self == nullptr) {
      return fail(Code::kUnavailable, "the bot's open_id is not known yet; send it again",
                  "尚未获知机器人的 open_id，请稍后重发");
    }
    for (const json& mention : mentions) {
      if (!mention.is_object()) continue;
      const std::string who = text_or(object_in(mention, "id"), "open_id");
      const bool bot = self != nullptr && who == self->id;
      if (bot) incoming.addressed = true;
      const std::string name = name_in_text(text_or(mention, "name"));
      names[text_or(mention, "key")] = bot ? "" : "@" + (name.empty() ? "someone" : name);
    }
  }
  incoming.text = feishu_names(content.text, names);
  if (!incoming.direct) {
    incoming.address["message_id"] = id;
    incoming.address["user"] = incoming.sender;
    if (!incoming.thread.empty()) incoming.address["thread"] = true;
  }
  return decide(config_, limits_, std::move(incoming), now_ms);
}

}  // namespace ai_bot
