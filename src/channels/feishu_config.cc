#include "channels/feishu.h"
#include "config/table.h"

namespace ai_bot {

// clang-format off
void FeishuChannel::keys(Visitor& v, ChannelConfig& c) {
  v(c.app_id, {"app_id", {"feishu: App ID.", "feishu：App ID。"}, kReload});
  v(c.app_secret, {"app_secret", {"feishu: App Secret.", "feishu：App Secret。"}, kReload});
  v(c.encrypt_key, {"encrypt_key", {"feishu: Encrypt Key of Events & Callbacks; recommended.", "feishu：“事件与回调”中的 Encrypt Key，建议设置。"}, kReload});
  v(c.verification_token, {"verification_token", {"feishu: Verification Token of Events & Callbacks; needed without an encrypt_key.", "feishu：“事件与回调”中的 Verification Token，未设置 encrypt_key 时必填。"}, kReload});
}
// clang-format on

void FeishuChannel::check(const ChannelCheck& check) {
  const ChannelConfig& c = check.channel;
  check.modes({"webhook", "connect"});
  check.needs(!c.app_id.empty(), "app_id");
  check.needs(!c.app_secret.empty(), "app_secret");
  check.needs(check.connects() || !c.encrypt_key.empty() || !c.verification_token.empty(),
              "encrypt_key");
}

}  // namespace ai_bot
