// WeCom: the ciphertext, the XML of an app and the JSON of an AI bot.
#include <algorithm>
#include <vector>

#include "fuzz/platform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
  const auto make = [&](const char* agent) {
    ChannelConfig config;
    config.name = config.type = "wecom";
    config.corp_id = "corp";
    config.agent_id = agent;
    config.token = Secret("token");
    config.aes_key = Secret(key);
    return make_channel(config, {});
  };
  static const auto app = make("1"), bot = make("");
  const auto query = [&](const std::string& cipher) {
    std::vector<std::string> parts = {"token", fuzz::kNow, "n", cipher};
    std::sort(parts.begin(), parts.end());
    return fuzz::Values{{"timestamp", fuzz::kNow},
                        {"nonce", "n"},
                        {"msg_signature", to_hex(sha1(parts[0] + parts[1] + parts[2] + parts[3]))}};
  };
  const auto encrypted = [&](const std::string& receiver) {
    std::string plain(16, 1);
    for (int shift = 24; shift >= 0; shift -= 8) plain += static_cast<char>(bytes.size() >> shift);
    const std::string raw = *from_base64(key);
    return to_base64(
        *encrypt_aes256_cbc(raw, raw.substr(0, 16), with_pkcs7(plain + bytes + receiver, 32)));
  };
  const std::string for_app = encrypted("corp"), for_bot = encrypted("");
  fuzz::take(*app,
             fuzz::request("<xml><Encrypt>" + for_app + "</Encrypt></xml>", {}, query(for_app)));
  fuzz::take(*bot, fuzz::request("{\"encrypt\":\"" + for_bot + "\"}", {}, query(for_bot)));
  fuzz::refuse(*app, fuzz::request(bytes, {}, query("another")));
  fuzz::refuse(*bot, fuzz::request(bytes, {}, query("another")));
  return 0;
}
