// The webhook's envelope: bytes under a valid signature (what an attacker with the secret, or a
// careless system, may send), and bytes under whatever they claim to be signed with.
#include <cstdlib>

#include "channels/generic.h"
#include "core/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const std::string secret = "0123456789abcdef";
  ChannelConfig config;
  config.name = "hook";
  config.secret = Secret(secret);
  static const GenericChannel channel(config, {});
  const std::string good = GenericChannel::sign(secret, "1000", bytes);
  const auto with = [](const std::string& timestamp, const std::string& signature) {
    return [=](const char* name) {
      return std::string(name) == GenericChannel::kTimestampHeader ? timestamp : signature;
    };
  };
  const auto reading = channel.receive({bytes, with("1000", good), 1000000});
  if (reading) {
    const auto& event = reading->event;
    if (!event) std::abort();
    if (event->event_id.empty() || event->text.empty() || !is_valid_utf8(event->text)) std::abort();
    if (event->event_id.size() > GenericChannel::kLongestId) std::abort();
  }
  const size_t cut = bytes.find('\n');
  if (cut == std::string_view::npos) return 0;
  const std::string line(bytes.substr(0, cut));
  if (channel.receive({bytes, with(line, line), 1000000})) std::abort();
  return 0;
}
