// Slash commands, commands of a message's or a person's menu, buttons and forms ("Receiving and
// Responding to Interactions").
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "channels/discord.h"
#include "channels/discord_content.h"
#include "channels/incoming.h"
#include "channels/platform.h"
#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// "Interaction Type", "Interaction Callback Type", "Application Command Types", "Application
// Command Option Type".
constexpr int kPing = 1, kCommand = 2, kComponent = 3, kAutocomplete = 4, kModal = 5;
constexpr int kPong = 1, kMessage = 4, kDeferred = 5, kDeferredUpdate = 6, kChoices = 8;
constexpr int kOfPerson = 2, kOfMessage = 3;
constexpr int kUser = 6, kChannel = 7, kRole = 8, kMentionable = 9, kAttachment = 11;

constexpr int64_t kInteractionMs = int64_t{14} * 60 * 1000;  // a minute before the token ends
constexpr int kDeepestOptions = 3;                           // a group, a subcommand, its values
constexpr int kEphemeral = 64;

// Those that ai_bot obeys, which keep their names when they are registered with Discord.
constexpr std::array kOwnCommands{"help", "new", "model", "status", "stop"};

void add_word(std::string& text, const std::string& word) {
  if (!word.empty()) text += (text.empty() ? "" : " ") + word;
}

const json& resolved(const json& data, const char* kind, const std::string& id) {
  return object_in(object_in(object_in(data, "resolved"), kind), id);
}

std::string named(const char* sign, const json& object, const char* key, const std::string& id) {
  return sign + name_in_text(text_or(object, key, id));
}

// A value as it is read; a file is added to the attachments.
std::string value_of(const json& option, const json& data, std::vector<Attachment>& files) {
  const json& value = option["value"];
  if (!value.is_string()) return value.is_primitive() && !value.is_null() ? value.dump() : "";
  std::string id = value.get<std::string>();
  const json& role = resolved(data, "roles", id);
  switch (number_or(option, "type")) {
    case kMentionable:
      if (!role.empty()) return named("@", role, "name", id);
      [[fallthrough]];
    case kUser:
      return named("@", resolved(data, "users", id), "username", id);
    case kRole:
      return named("@", role, "name", id);
    case kChannel:
      return named("#", resolved(data, "channels", id), "name", id);
    case kAttachment:
      if (const json& file = resolved(data, "attachments", id); !file.empty())
        files.push_back(discord_attachment(file));
      return "";
    default:
      return id;
  }
}

// The values of a command's options, of its subcommand's, or of that of its group, in order.
void add_values(const json& of, const json& data, int depth, Incoming& incoming) {
  if (depth == 0) return;
  for (const json& option : list_in(of, "options")) {
    if (!option.is_object()) continue;
    if (option.contains("value"))
      add_word(incoming.text, value_of(option, data, incoming.attachments));
    add_values(option, data, depth - 1, incoming);
  }
}

void read_command_data(const json& data, const std::string& bot, Incoming& incoming) {
  const std::string name = text_or(data, "name"), target = text_or(data, "target_id");
  switch (number_or(data, "type")) {
    case kOfPerson:
      incoming.text = name;
      add_word(incoming.text, named("@", resolved(data, "users", target), "username", target));
      return;
    case kOfMessage: {
      const DiscordKnown known;
      incoming.text = name;
      DiscordReader{known, bot}.quote(resolved(data, "messages", target), incoming);
      return;
    }
    default:
      break;
  }
  const bool is_own =
      std::find(kOwnCommands.begin(), kOwnCommands.end(), name) != kOwnCommands.end();
  if (is_own) incoming.text = "/" + name;
  add_values(data, data, kDeepestOptions, incoming);
  if (incoming.text.empty() && incoming.attachments.empty()) incoming.text = "/" + name;
}

Reading answered(const char* outcome, const json& body) {
  Reading reading = ignored(outcome);
  reading.answer.body = body.dump();
  return reading;
}

}  // namespace

Result<Reading> DiscordChannel::read_interaction(const json& interaction, int64_t now_ms) const {
  switch (number_or(interaction, "type", -1)) {
    case kPing:
      return handshake({200, "application/json", json{{"type", kPong}}.dump()});
    case kCommand:
      return read_command(interaction, now_ms);
    case kAutocomplete:
      return answered("unknown", {{"type", kChoices}, {"data", {{"choices", json::array()}}}});
    case kComponent:
    case kModal:  // none of ours
      return answered("unknown", {{"type", kDeferredUpdate}});
    default:
      return fail(Code::kInvalid, "type: no interaction that is understood",
                  "type：无法识别的交互类型");
  }
}

HttpRequest DiscordChannel::answer_interaction(const json& interaction,
                                               const Reading& reading) const {
  const std::string to =
      url(fmt::format("/interactions/{}/{}/callback", url_escaped(text_or(interaction, "id")),
                      url_escaped(text_or(interaction, "token"))));
  return json_request(config_, "POST", to, object_of(reading.answer.body));
}

Reading DiscordChannel::read_command(const json& interaction, int64_t now_ms) const {
  const json& user = interaction.contains("member")
                         ? object_in(object_in(interaction, "member"), "user")
                         : object_in(interaction, "user");
  Incoming incoming;
  incoming.event_id = text_or(interaction, "id");
  incoming.chat = text_or(interaction, "channel_id");
  incoming.parent = discord_thread_parent(object_in(interaction, "channel"));
  incoming.sender = text_or(user, "id");
  incoming.direct = !interaction.contains("guild_id");
  incoming.addressed = true;
  read_command_data(object_in(interaction, "data"), config_.application_id, incoming);
  incoming.address = {{"channel", incoming.chat},
                      {"interaction", text_or(interaction, "token")},
                      {"until", now_ms + kInteractionMs}};
  if (!incoming.parent.empty()) incoming.address["parent"] = incoming.parent;
  Reading received = decide(config_, limits_, std::move(incoming), now_ms);
  const json refusal = {{"type", kMessage},
                        {"data", {{"content", "Not here. / 此处不可用。"}, {"flags", kEphemeral}}}};
  received.answer.body = (received.event ? json{{"type", kDeferred}} : refusal).dump();
  return received;
}

}  // namespace ai_bot
