// Feishu's webhook: the ciphertext, and the payload inside of it.
#include "fuzz/platform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ChannelConfig config;
  config.name = config.type = "feishu";
  config.encrypt_key = Secret("key");
  static const auto channel = make_channel(config, {});
  const auto with = [](const std::string& body) {
    return fuzz::request(body, {{"X-Lark-Request-Timestamp", fuzz::kNow},
                                {"X-Lark-Request-Nonce", "n"},
                                {"X-Lark-Signature", to_hex(sha256(fuzz::kNow + "nkey" + body))}});
  };
  const std::string iv(16, 1);
  const std::string cipher = *encrypt_aes256_cbc(sha256("key"), iv, with_pkcs7(bytes, 16));
  fuzz::take(*channel, with("{\"encrypt\":\"" + to_base64(iv + cipher) + "\"}"));
  fuzz::take(*channel, with("{\"encrypt\":\"" + to_base64(bytes) + "\"}"));
  fuzz::refuse(*channel, fuzz::request(bytes, {}));
  return 0;
}
