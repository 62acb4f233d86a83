// Discord: an interaction, and whatever claims to be signed.
#include <sodium.h>

#include "fuzz/platform.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ai_bot;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ChannelConfig config;
  config.name = config.type = "discord";
  config.application_id = "42";
  // The pair of the seed of 32 bytes 3.
  config.public_key = "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1";
  static const auto channel = make_channel(config, {});
  static const std::string secret = [] {
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    std::string key(crypto_sign_SECRETKEYBYTES, 0);
    const std::string seed(crypto_sign_SEEDBYTES, 3);
    crypto_sign_seed_keypair(public_key, reinterpret_cast<unsigned char*>(key.data()),
                             reinterpret_cast<const unsigned char*>(seed.data()));
    return key;
  }();
  const auto sign = [](const std::string& message) {
    std::string signature(crypto_sign_BYTES, 0);
    crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                         reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                         reinterpret_cast<const unsigned char*>(secret.data()));
    return signature;
  };
  fuzz::take(*channel,
             fuzz::request(bytes, {{"X-Signature-Timestamp", fuzz::kNow},
                                   {"X-Signature-Ed25519", to_hex(sign(fuzz::kNow + bytes))}}));
  fuzz::refuse(*channel,
               fuzz::request(bytes, {{"X-Signature-Timestamp", fuzz::kNow},
                                     {"X-Signature-Ed25519", to_hex(std::string(64, 1))}}));
  fuzz::refuse(*channel, fuzz::request("{}", {{"X-Signature-Timestamp", fuzz::kNow},
                                              {"X-Signature-Ed25519", bytes}}));
  return 0;
}
