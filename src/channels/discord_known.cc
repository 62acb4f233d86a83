#include "channels/discord_known.h"

#include "channels/incoming.h"
#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {

using nlohmann::json;

std::string discord_thread_parent(const json& channel) {
  constexpr int64_t kAnnouncementThread = 10, kPrivateThread = 12;  // 11: a public one
  const int64_t type = number_or(channel, "type");
  const bool is_thread = type >= kAnnouncementThread && type <= kPrivateThread;
  return is_thread ? text_or(channel, "parent_id") : "";
}

std::string DiscordKnown::found(const Texts& texts, const std::string& id) {
  const auto at = texts.find(id);
  return at != texts.end() ? at->second : "";
}

void DiscordKnown::keep(Texts& texts, const std::string& id, const std::string& text) {
  if (id.empty() || (texts.size() >= kMost && !texts.contains(id))) return;
  texts[id] = name_in_text(text);
}

void DiscordKnown::learn_role(const json& role) {
  const std::string id = text_or(role, "id");
  keep(roles_, id, text_or(role, "name"));
  const std::string owner = text_or(object_in(role, "tags"), "bot_id");
  if (!owner.empty() && owner == bot_ && own_roles_.size() < kMost) own_roles_.insert(id);
}

void DiscordKnown::learn_channel(const json& channel) {
  keep(channels_, text_or(channel, "id"), text_or(channel, "name"));
}

void DiscordKnown::learn_thread(const json& thread) {
  learn_channel(thread);
  if (const std::string parent = text_or(thread, "parent_id"); !parent.empty())
    keep(parents_, text_or(thread, "id"), parent);
}

void DiscordKnown::learn(const std::string& type, const json& data) {
  const auto each = [&](const char* key, void (DiscordKnown::*learn_one)(const json&)) {
    for (const json& one : list_in(data, key))
      if (one.is_object()) (this->*learn_one)(one);
  };
  if (type == "READY") {
    bot_ = text_or(object_in(data, "user"), "id");
  } else if (type == "GUILD_CREATE") {
    each("roles", &DiscordKnown::learn_role);
    each("channels", &DiscordKnown::learn_channel);
    each("threads", &DiscordKnown::learn_thread);
  } else if (type == "GUILD_ROLE_CREATE" || type == "GUILD_ROLE_UPDATE") {
    learn_role(object_in(data, "role"));
  } else if (type == "CHANNEL_CREATE" || type == "CHANNEL_UPDATE") {
    learn_channel(data);
  } else if (type == "THREAD_CREATE" || type == "THREAD_UPDATE") {
    learn_thread(data);
  } else if (type == "THREAD_LIST_SYNC") {
    each("threads", &DiscordKnown::learn_thread);
  } else if (type == "THREAD_DELETE") {
    channels_.erase(text_or(data, "id"));
    parents_.erase(text_or(data, "id"));
  }
}

}  // namespace ai_bot
