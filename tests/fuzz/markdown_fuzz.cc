// Markdown as a model may write it, in every platform's dialect: whatever it is, each message keeps
// the platform's limit and is sound UTF-8 when the text was.
#include "channels/discord.h"
#include "channels/feishu.h"
#include "channels/markdown.h"
#include "channels/slack.h"
#include "fuzz/platform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const std::vector<std::shared_ptr<const Channel>> channels = [] {
    std::vector<std::shared_ptr<const Channel>> list;
    for (const char* type : {"slack", "telegram", "feishu", "dingtalk", "wecom", "discord"}) {
      ChannelConfig config;
      config.type = type;
      list.push_back(make_channel(config, {}));
    }
    return list;
  }();
  for (const auto& channel : channels) {
    for (const std::string& part : channel->compose(text)) {
      if (part.empty() || !is_valid_utf8(part)) std::abort();
    }
  }
  Dialect small = plain_markdown();
  small.most = 64;
  for (const std::string& part : render_markdown(text, small)) {
    if (part.size() > small.most) std::abort();
  }
  return 0;
}
