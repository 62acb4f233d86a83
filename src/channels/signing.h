// The cryptography that platforms ask for, on OpenSSL and libsodium.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace ai_bot {

// Raw digests (32 and 20 bytes). An empty key signs nothing: the result is empty.
std::string hmac_sha256(std::string_view key, std::string_view message);
std::string sha256(std::string_view message);
std::string sha1(std::string_view message);

std::string to_hex(std::string_view bytes);
std::string to_base64(std::string_view bytes);
// Standard alphabet, padding optional; no value for anything else.
std::optional<std::string> from_base64(std::string_view text);
std::optional<std::string> from_hex(std::string_view text);

// Takes the same time wherever the first difference is. Empty texts are never equal: neither an
// unset secret nor a signature under one is proof of anything.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// AES-256-CBC; key of 32, iv of 16 bytes, padding not removed. No value when the sizes are wrong.
std::optional<std::string> decrypt_aes256_cbc(std::string_view key, std::string_view iv,
                                              std::string_view cipher);
std::optional<std::string> encrypt_aes256_cbc(std::string_view key, std::string_view iv,
                                              std::string_view padded);

// Removes PKCS#7 padding of blocks of `block` bytes (RFC 5652, 6.3); no value when it is wrong.
std::optional<std::string> without_pkcs7(std::string padded, size_t block);
std::string with_pkcs7(std::string_view text, size_t block);

// Ed25519 (RFC 8032): key of 32 and signature of 64 bytes.
bool verify_ed25519(std::string_view key, std::string_view signature, std::string_view message);

// Whole seconds or milliseconds as platforms send them: plain digits of a sane length.
std::optional<int64_t> plain_number(std::string_view digits);

// Whether the time of a request whose signature is right is within `tolerance` of ours. The error
// is for the operator: it says which clock is ahead, and stays the same from one request to the
// next.
Result<void> check_signed_time(int64_t at_ms, int64_t now_ms, milliseconds tolerance);

// The one answer to every request that fails verification: it tells an attacker nothing.
tl::unexpected<Error> refused_signature();

}  // namespace ai_bot
