// Reads the header of a GGUF file (ggml's docs/gguf.md, versions 2 and 3): what the model is, and
// whether the file is whole. Nothing in it is trusted.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace ai_bot {

// Metadata of ai_bot's own (keys "ai_bot.…"): the elements of an array, as they stand in the file.
struct GgufArray {
  enum class Type : uint32_t { kUint8 = 0, kInt8 = 1, kUint32 = 4, kFloat32 = 6, kString = 8 };
  Type type;
  uint64_t count = 0;
  std::string bytes;  // little-endian; a string is its size (uint64) and its bytes
};

struct GgufInfo {
  std::string architecture;
  std::string name;
  std::string quantization;  // of most of the weights, e.g. "Q8_0"
  int64_t parameters = 0;
  int64_t context_length = 0;
  int64_t layers = 0;
  int64_t embedding = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  bool has_chat_template = false;
  std::vector<std::string> markers;  // texts of the vocabulary's control tokens
  int64_t file_size = 0;
  std::map<std::string, GgufArray> own;  // by key

  // Bytes of key-value cache a token takes in FP16; 0 when the header does not tell.
  int64_t kv_bytes_per_token() const;
};

// `header`: the file's first bytes; `file_size`: of the whole file.
Result<GgufInfo> parse_gguf(std::string_view header, int64_t file_size);

// Errors name the file and what is wrong: missing, not GGUF, damaged, or truncated by so many
// bytes.
Result<GgufInfo> inspect_gguf(const std::string& path);

}  // namespace ai_bot
