#include "api/chat_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

tl::unexpected<Error> invalid(const std::string& en, const std::string& zh) {
  return fail(Code::kInvalid, en, zh);
}

enum Kind : unsigned { kText = 1, kFlag = 2, kInteger = 4, kNumber = 8, kList = 16, kObject = 32 };

struct KindName {
  Kind kind;
  const char* en;
  const char* zh;
};
constexpr KindName kKindNames[] = {
    {kText, "a text", "文本"},
    {kFlag, "true or false", "true 或 false"},
    {kInteger, "a whole number", "整数"},
    {kNumber, "a number", "数字"},
    {kList, "a list", "列表"},
    {kObject, "an object", "对象"},
};

struct Member {
  const char* name;
  unsigned kinds;
};
constexpr Member kMembers[] = {
    {"model", kText},
    {"stream", kFlag},
    {"stream_options", kObject},
    {"max_tokens", kInteger},
    {"max_completion_tokens", kInteger},
    {"n_predict", kInteger},
    {"n", kInteger},
    {"seed", kInteger},
    {"temperature", kNumber},
    {"top_p", kNumber},
    {"presence_penalty", kNumber},
    {"frequency_penalty", kNumber},
    {"logprobs", kFlag},
    {"top_logprobs", kInteger},
    {"logit_bias", kObject | kList},
    {"stop", kText | kList},
    {"tools", kList},
    {"tool_choice", kText | kObject},
    {"parallel_tool_calls", kFlag},
    {"functions", kList},
    {"function_call", kText | kObject},
    {"response_format", kObject},
    {"chat_template_kwargs", kObject},
    {"metadata", kObject},
    {"user", kText},
    {"reasoning_effort", kText},
};

unsigned kind_of(const json& value) {
  switch (value.type()) {
    case json::value_t::string:
      return kText;
    case json::value_t::boolean:
      return kFlag;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
      return kInteger | kNumber;
    case json::value_t::number_float:
      return kNumber;
    case json::value_t::array:
      return kList;
    case json::value_t::object:
      return kObject;
    default:
      return 0;
  }
}

std::string names_of(unsigned kinds, bool chinese) {
  std::string names;
  for (const KindName& name : kKindNames) {
    if ((kinds & name.kind) == 0) continue;
    if (!names.empty()) names += chinese ? "或" : " or ";
    names += chinese ? name.zh : name.en;
  }
  return names;
}

Result<void> check_member(json& object, const Member& member, const std::string& within = "") {
  const auto at = object.find(member.name);
  if (at == object.end()) return {};
  const bool empty_object = at->is_array() && at->empty() && (member.kinds & kObject) != 0;
  if (at->is_null() || empty_object) {
    object.erase(at);
    return {};
  }
  if ((kind_of(*at) & member.kinds) != 0) return {};
  return invalid(
      fmt::format("{}{}: must be {}", within, member.name, names_of(member.kinds, false)),
      fmt::format("{}{}：必须是{}", within, member.name, names_of(member.kinds, true)));
}

Result<void> check_messages(const json& body) {
  const auto messages = body.find("messages");
  if (messages == body.end() || !messages->is_array() || messages->empty()) {
    return invalid("messages: must be a list with at least one message",
                   "messages：必须是至少包含一条消息的列表");
  }
  for (const json& message : *messages) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string()) {
      return invalid("messages: each needs a role (system, user, assistant, tool)",
                     "messages：每条消息都需要 role（system、user、assistant、tool）");
    }
    const auto content = message.find("content");
    if (content == message.end() || content->is_string() || content->is_null()) continue;
    const bool parts =
        content->is_array() && std::all_of(content->begin(), content->end(),
                                           [](const json& part) { return part.is_object(); });
    if (!parts) {
      return invalid("messages: content must be a text, or a list of parts that are objects",
                     "messages：content 必须是文本，或由对象组成的列表");
    }
  }
  return {};
}

}  // namespace

Result<Said> last_said(const json& body) {
  const auto refused = invalid(
      "messages: in a conversation the last one must be of the user: a text, or parts of the types "
      "text and image_url",
      "messages：会话中最后一条必须是用户的消息：文本，或类型为 text、image_url 的列表");
  const json& last = body["messages"].back();
  const auto content = last.find("content");
  if (last["role"] != "user" || content == last.end()) return refused;
  if (content->is_string()) return Said{content->get<std::string>(), {}};
  if (!content->is_array() || content->empty()) return refused;
  Said said;
  for (const json& part : *content) {
    const std::string type = text_or(part, "type");
    std::string text = text_or(part, "text");
    if (type == "image_url") {
      std::string url = text_or(object_in(part, "image_url"), "url");
      if (url.empty()) return refused;
      said.images.push_back(std::make_shared<const std::string>(std::move(url)));
      text = "[image: image]";
    } else if (type != "text") {
      return refused;
    }
    said.text += (said.text.empty() ? "" : "\n") + text;
  }
  return said;
}

Result<json> parse_chat_body(std::string_view text) {
  auto parsed = parse_object(text);
  if (!parsed) return parsed;
  json& body = *parsed;
  if (auto checked = check_messages(body); !checked) return fail(checked.error());
  for (const Member& member : kMembers) {
    if (auto checked = check_member(body, member); !checked) return fail(checked.error());
  }
  if (const auto options = body.find("stream_options"); options != body.end()) {
    for (const Member& member :
         {Member{"include_usage", kFlag}, Member{"include_obfuscation", kFlag}}) {
      if (auto checked = check_member(*options, member, "stream_options."); !checked)
        return fail(checked.error());
    }
  }
  if (!body.contains("stream")) body["stream"] = false;
  return parsed;
}

}  // namespace ai_bot
