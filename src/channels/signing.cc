#include "channels/signing.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace ai_bot {
namespace {

constexpr size_t kAesBlock = 16, kAesKey = 32;

constexpr std::array<bool, 256> kIsBase64 = [] {
  std::array<bool, 256> is{};
  for (const char c :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
    is[static_cast<unsigned char>(c)] = true;
  return is;
}();

bool is_base64(char c) { return kIsBase64[static_cast<unsigned char>(c)]; }

// Fetched once: EVP_sha256() and its like look for the implementation anew at each use
// (OpenSSL's crypto(7), "Performance").
const EVP_MD* digest_named(const char* name) { return EVP_MD_fetch(nullptr, name, nullptr); }

const EVP_MD* sha256_kind() {
  static const EVP_MD* const kind = digest_named("SHA256");
  return kind;
}

std::string digest_of(const EVP_MD* kind, std::string_view message) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(message.data(), message.size(), digest, &size, kind, nullptr);
  return {reinterpret_cast<const char*>(digest), size};
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> aes(bool encrypt, std::string_view key, std::string_view iv,
                               std::string_view input) {
  if (key.size() != kAesKey || iv.size() != kAesBlock) return std::nullopt;
  if (input.empty() || input.size() % kAesBlock != 0) return std::nullopt;
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(),
                                                                           EVP_CIPHER_CTX_free);
  std::string output(input.size() + kAesBlock, '\0');
  auto* out = reinterpret_cast<unsigned char*>(output.data());
  int written = 0, rest = 0;
  static const EVP_CIPHER* const kind = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  EVP_CipherInit_ex(context.get(), kind, nullptr, bytes(key), bytes(iv), encrypt ? 1 : 0);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  if (EVP_CipherUpdate(context.get(), out, &written, bytes(input),
                       static_cast<int>(input.size())) != 1 ||
      EVP_CipherFinal_ex(context.get(), out + written, &rest) != 1) {
    return std::nullopt;
  }
  output.resize(static_cast<size_t>(written) + static_cast<size_t>(rest));
  return output;
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view message) {
  if (key.empty()) return "";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(sha256_kind(), key.data(), static_cast<int>(key.size()), bytes(message), message.size(),
       digest, &size);
  return {reinterpret_cast<const char*>(digest), size};
}

std::string sha256(std::string_view message) { return digest_of(sha256_kind(), message); }

std::string sha1(std::string_view message) {
  static const EVP_MD* const kind = digest_named("SHA1");
  return digest_of(kind, message);
}

std::string to_hex(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out(text.size() * 2, '\0');
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    out[2 * i] = kHex[byte >> 4];
    out[2 * i + 1] = kHex[byte & 15];
  }
  return out;
}

std::string to_base64(std::string_view text) {
  std::string out(sodium_base64_encoded_len(text.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes(text), text.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the terminating zero
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string_view digits = text;
  while (!digits.empty() && digits.back() == '=') digits.remove_suffix(1);
  if (!std::all_of(digits.begin(), digits.end(), is_base64) || digits.size() % 4 == 1)
    return std::nullopt;
  // OpenSSL's, since libsodium refuses unused bits that are not zero, which WeCom's keys have.
  std::string padded;
  const size_t whole = (digits.size() + 3) / 4 * 4;
  if (text.size() != whole) {
    padded = std::string(digits).append(whole - digits.size(), '=');
    text = padded;
  }
  std::string out(whole / 4 * 3, '\0');
  if (whole == 0) return out;
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes(text),
                      static_cast<int>(whole)) < 0)
    return std::nullopt;
  out.resize(digits.size() * 3 / 4);
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string out(text.size() / 2, '\0');
  size_t size = 0;
  const char* end = nullptr;
  const int failed = sodium_hex2bin(reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                    text.data(), text.size(), nullptr, &size, &end);
  if (failed != 0 || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return !a.empty() && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::string> decrypt_aes256_cbc(std::string_view key, std::string_view iv,
                                              std::string_view cipher) {
  return aes(false, key, iv, cipher);
}

std::optional<std::string> encrypt_aes256_cbc(std::string_view key, std::string_view iv,
                                              std::string_view padded) {
  return aes(true, key, iv, padded);
}

std::optional<std::string> without_pkcs7(std::string padded, size_t block) {
  if (padded.empty()) return std::nullopt;
  const size_t count = static_cast<unsigned char>(padded.back());
  if (count == 0 || count > block || count > padded.size()) return std::nullopt;
  const std::string expected(count, padded.back());
  if (!padded.ends_with(expected)) return std::nullopt;
  padded.resize(padded.size() - count);
  return padded;
}

std::string with_pkcs7(std::string_view text, size_t block) {
  const size_t count = block - text.size() % block;
  return std::string(text) + std::string(count, static_cast<char>(count));
}

bool verify_ed25519(std::string_view key, std::string_view signature, std::string_view message) {
  if (key.size() != crypto_sign_PUBLICKEYBYTES || signature.size() != crypto_sign_BYTES)
    return false;
  return crypto_sign_verify_detached(bytes(signature), bytes(message), message.size(),
                                     bytes(key)) == 0;
}

std::optional<int64_t> plain_number(std::string_view digits) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!whole || digits.size() > 15 || number < 0) return std::nullopt;
  return number;
}

Result<void> check_signed_time(int64_t at_ms, int64_t now_ms, milliseconds tolerance) {
  const int64_t off = at_ms - now_ms;
  if (std::abs(off) <= tolerance.count()) return {};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(tolerance).count();
  return fail(
      Code::kUnauthorized,
      fmt::format("the signature is right, but its time is more than {} s {} this machine's clock: "
                  "set the clock (timedatectl), unless somebody sends an old request again",
                  seconds, off > 0 ? "ahead of" : "behind"),
      fmt::format("签名正确，但时间戳比本机时钟{}超过 {} 秒：请校准本机时钟（timedatectl），"
                  "除非是有人重放旧请求",
                  off > 0 ? "快" : "慢", seconds));
}

tl::unexpected<Error> refused_signature() {
  return fail(Code::kUnauthorized, "the signature or its timestamp is missing, wrong or too old",
              "签名或时间戳缺失、错误或已过期");
}

}  // namespace ai_bot
