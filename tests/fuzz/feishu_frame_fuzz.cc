// A frame of Feishu's long connection: what is read is written again as it was, and an event in it
// is a sound one.
#include "channels/feishu_socket.h"
#include "fuzz/platform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto frame = read_feishu_frame(bytes)) {
    const std::string written = write_feishu_frame(*frame);
    const auto again = read_feishu_frame(written);
    if (!again || write_feishu_frame(*again) != written) std::abort();
  }
  ChannelConfig config;
  config.name = config.type = "feishu";
  static const FeishuChannel channel(config, {});
  static FeishuSocket socket(channel, config);
  static const Identity self{"42", "bot"};
  const auto step = socket.on_frame(bytes, &self, fuzz::kNowMs);
  if (step.reading && step.reading->event && step.reading->event->event_id.empty()) std::abort();
  return 0;
}
