#include "channels/wecom.h"
#include "config/table.h"

namespace ai_bot {

// clang-format off
void WeComChannel::keys(Visitor& v, ChannelConfig& c) {
  v(c.corp_id, {"corp_id", {"wecom: the company's ID.", "wecom：企业 ID。"}, kReload});
  v(c.agent_id, {"agent_id", {"wecom: the app's AgentId; empty for an AI bot.", "wecom：应用的 AgentId；智能机器人留空。"}, kReload});
  v(c.bot_name, {"bot_name", {"wecom: the AI bot's name as people mention it in groups; empty: guessed.", "wecom：智能机器人的名称，即群聊中 @ 的名称；留空则自动判断。"}, kReload});
  v(c.token, {"token", {"wecom: Token of the callback.", "wecom：接收消息的 Token。"}, kReload});
  v(c.aes_key, {"aes_key", {"wecom: EncodingAESKey of the callback, 43 characters.", "wecom：接收消息的 EncodingAESKey，43 个字符。"}, kReload});
}
// clang-format on

void WeComChannel::check(const ChannelCheck& check) {
  const ChannelConfig& c = check.channel;
  check.modes({"webhook"});
  check.needs(c.agent_id.empty() || !c.corp_id.empty(), "corp_id");
  check.needs(c.agent_id.empty() || !c.secret.empty(), "secret");
  check.needs(!c.token.empty(), "token");
  constexpr size_t kAesKeyCharacters = 43;
  if (c.aes_key.reveal().size() != kAesKeyCharacters) {
    check.error("aes_key", "is missing or not 43 characters long: copy the EncodingAESKey",
                "缺失或不是 43 个字符：请复制 EncodingAESKey");
  }
}

}  // namespace ai_bot
