#include "models/gguf.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/utf8.h"
#include "models/byte_reader.h"

namespace ai_bot {
namespace {

constexpr uint32_t kOldest = 2, kNewest = 3;
constexpr uint64_t kMostEntries = 1 << 20;   // metadata pairs or tensors
constexpr uint64_t kLongestName = 64 << 10;  // bytes
constexpr int kMostDimensions = 4;
constexpr size_t kLongestMarker = 256;  // bytes; no vocabulary has longer ones
constexpr std::string_view kOwnPrefix = "ai_bot.";

// A ggml tensor type: elements in a block and bytes of a block (ggml.h, ggml-common.h).
struct TensorType {
  uint32_t id;
  const char* name;
  int64_t elements;
  int64_t bytes;
};
constexpr TensorType kTypes[] = {
    {0, "F32", 1, 4},       {1, "F16", 1, 2},       {2, "Q4_0", 32, 18},    {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},    {7, "Q5_1", 32, 24},    {8, "Q8_0", 32, 34},    {10, "Q2_K", 256, 84},
    {11, "Q3_K", 256, 110}, {12, "Q4_K", 256, 144}, {13, "Q5_K", 256, 176}, {14, "Q6_K", 256, 210},
    {24, "I8", 1, 1},       {25, "I16", 1, 2},      {26, "I32", 1, 4},      {30, "BF16", 1, 2},
};

enum ValueType : uint32_t { kInt32 = 5, kString = 8, kArray = 9 };

// Bytes of a fixed-size metadata value by its type; 0: not of fixed size.
constexpr uint64_t kValueSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

tl::unexpected<Error> damaged(const std::string& en, const std::string& zh) {
  return fail(Code::kInvalid, "is damaged: " + en + "; copy it again",
              "已损坏：" + zh + "；请重新复制");
}

class Parser {
 public:
  Parser(std::string_view header, int64_t file_size) : in_(header) { info_.file_size = file_size; }

  Result<GgufInfo> run() {
    in_.skip(4);
    const auto version = in_.number<uint32_t>();
    if (in_.failed()) return cut_off();
    if (version < kOldest || version > kNewest) {
      return fail(
          Code::kInvalid,
          fmt::format("is GGUF version {}; this ai_bot reads {} to {}", version, kOldest, kNewest),
          fmt::format("是 GGUF 版本 {}；本版本支持 {} 到 {}", version, kOldest, kNewest));
    }
    const auto tensors = in_.number<uint64_t>();
    const auto pairs = in_.number<uint64_t>();
    if (tensors > kMostEntries || pairs > kMostEntries) return damaged("absurd counts", "计数异常");
    for (uint64_t i = 0; i < pairs && !in_.failed(); ++i) {
      if (!pair()) return damaged("an unknown kind of metadata", "未知的元数据类型");
    }
    if (in_.failed()) return cut_off();
    return tensor_table(tensors);
  }

 private:
  static tl::unexpected<Error> cut_off() {
    return fail(Code::kInvalid, "is truncated within its header: copy it again",
                "在文件头处被截断：请重新复制");
  }

  bool pair() {
    const std::string key(in_.text());
    const auto type = in_.number<uint32_t>();
    if (in_.failed()) return true;  // reported as cut off
    if (type == kString) {
      const std::string_view value = in_.text();
      if (key == "general.architecture") info_.architecture = truncate_utf8(value, 64);
      if (key == "general.name") info_.name = truncate_utf8(value, 128);
      if (key == "tokenizer.chat_template") info_.has_chat_template = true;
      return true;
    }
    if (type == kArray) return array(key);
    if (type >= std::size(kValueSizes)) return false;
    if (type == 4 || type == 5) {
      numbers_[key] = in_.number<uint32_t>();
    } else if (type == 10 || type == 11) {
      numbers_[key] = static_cast<int64_t>(std::min<uint64_t>(in_.number<uint64_t>(), INT64_MAX));
    } else {
      in_.skip(kValueSizes[type]);
    }
    return true;
  }

  bool array(const std::string& key) {
    const auto type = in_.number<uint32_t>();
    const auto count = in_.number<uint64_t>();
    const uint64_t begin = in_.position();
    if (type == kString) {
      for (uint64_t i = 0; i < count && !in_.failed(); ++i) in_.text();
    } else {
      if (type >= std::size(kValueSizes) || type == kArray) return false;
      if (count > UINT64_MAX / 8) return false;
      in_.skip(count * kValueSizes[type]);
    }
    if (key == "tokenizer.ggml.tokens" && type == kString) tokens_ = in_.since(begin);
    if (key == "tokenizer.ggml.token_type" && type == kInt32) token_types_ = in_.since(begin);
    if (key.starts_with(kOwnPrefix) && !in_.failed()) {
      info_.own[key] = {static_cast<GgufArray::Type>(type), count, std::string(in_.since(begin))};
    }
    return true;
  }

  Result<GgufInfo> tensor_table(uint64_t tensors) {
    std::map<uint32_t, int64_t> elements_by_type;
    uint64_t total = 0;
    uint64_t end = 0;  // of the last tensor, from the beginning of the data
    for (uint64_t i = 0; i < tensors && !in_.failed(); ++i) {
      if (in_.text().size() > kLongestName) return damaged("an absurd tensor name", "张量名异常");
      const auto dimensions = in_.number<uint32_t>();
      if (dimensions > kMostDimensions) return damaged("a tensor of absurd shape", "张量形状异常");
      uint64_t elements = 1;
      for (uint32_t d = 0; d < dimensions; ++d) {
        const auto size = in_.number<uint64_t>();
        if (__builtin_mul_overflow(elements, size, &elements) || elements > (1ULL << 48)) {
          return damaged("a tensor of absurd size", "张量大小异常");
        }
      }
      const auto type = in_.number<uint32_t>();
      const auto offset = in_.number<uint64_t>();
      if (offset > (1ULL << 50)) return damaged("a tensor at an absurd place", "张量位置异常");
      total += elements;
      if (total > (1ULL << 50)) return damaged("absurdly many weights", "权重数异常");
      elements_by_type[type] += static_cast<int64_t>(elements);
      for (const TensorType& known : kTypes) {
        if (known.id != type) continue;
        end = std::max(end, offset + elements / known.elements * known.bytes);
      }
    }
    if (in_.failed()) return cut_off();
    const auto alignment =
        static_cast<uint64_t>(std::clamp<int64_t>(number("general.alignment", 32), 1, 1 << 20));
    const uint64_t data = (in_.position() + alignment - 1) / alignment * alignment;
    const auto needed = static_cast<int64_t>(data + end);
    if (needed > info_.file_size) {
      return fail(Code::kInvalid,
                  fmt::format("is truncated: {} of at least {} bytes are there; copy it again",
                              info_.file_size, needed),
                  fmt::format("被截断：应至少有 {} 字节，实际只有 {}；请重新复制", needed,
                              info_.file_size));
    }
    summarize(elements_by_type);
    return info_;
  }

  int64_t number(const std::string& key, int64_t otherwise = 0) const {
    const auto at = numbers_.find(key);
    return at == numbers_.end() ? otherwise : at->second;
  }

  void summarize(const std::map<uint32_t, int64_t>& elements_by_type) {
    int64_t most = 0;
    for (const auto& [type, elements] : elements_by_type) {
      info_.parameters += elements;
      if (elements <= most) continue;
      most = elements;
      info_.quantization = fmt::format("type {}", type);
      for (const TensorType& known : kTypes) {
        if (known.id == type) info_.quantization = known.name;
      }
    }
    const std::string prefix = info_.architecture + ".";
    info_.context_length = number(prefix + "context_length");
    info_.layers = number(prefix + "block_count");
    info_.embedding = number(prefix + "embedding_length");
    info_.heads = number(prefix + "attention.head_count");
    info_.kv_heads = number(prefix + "attention.head_count_kv", info_.heads);
    find_markers();
  }

  void find_markers() {
    ByteReader texts(tokens_), types(token_types_);
    while (!texts.at_end() && !types.at_end()) {
      const std::string_view text = texts.text();
      const auto type = types.number<int32_t>();
      if (!texts.failed() && is_marker(text, type)) info_.markers.emplace_back(text);
    }
  }

  // Control tokens, and what looks like one though the file calls it otherwise (llama.cpp takes
  // such a one for a control token too, and older converters wrote them so).
  static bool is_marker(std::string_view text, int32_t type) {
    constexpr int32_t kUnknown = 2, kControl = 3, kUserDefined = 4;
    size_t second = 0;
    next_code_point(text, second);
    if (text.size() <= second || text.size() > kLongestMarker) return false;
    if (type == kControl || type == kUnknown) return true;
    const bool barred = (text.starts_with("<|") && text.ends_with("|>")) ||
                        (text.starts_with("<\uFF5C") && text.ends_with("\uFF5C>"));
    return barred ||
           (type == kUserDefined && (text == "<start_of_turn>" || text == "<end_of_turn>" ||
                                     text == "[INST]" || text == "[/INST]"));
  }

  ByteReader in_;
  GgufInfo info_;
  std::map<std::string, int64_t> numbers_;
  std::string_view tokens_, token_types_;  // the vocabulary's texts and their kinds
};

}  // namespace

int64_t GgufInfo::kv_bytes_per_token() const {
  constexpr int64_t kSane = 1 << 20;
  if (heads <= 0 || kv_heads <= 0 || layers > kSane || embedding > kSane || kv_heads > kSane)
    return 0;
  return 2 * layers * (embedding / heads) * kv_heads * 2;  // keys and values, two bytes each
}

Result<GgufInfo> parse_gguf(std::string_view header, int64_t file_size) {
  if (!header.starts_with("GGUF")) {
    return fail(Code::kInvalid, "is not a GGUF file: ai_bot runs models in that format only",
                "不是 GGUF 文件：ai_bot 只能运行该格式的模型");
  }
  return Parser(header, file_size).run();
}

Result<GgufInfo> inspect_gguf(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    if (fd >= 0) close(fd);
    return fail(Code::kNotFound, path + ": no such file, or it may not be read",
                path + "：文件不存在或无法读取");
  }
  Result<GgufInfo> result = fail(Code::kInvalid, "is empty: copy it again", "是空文件：请重新复制");
  if (info.st_size > 0) {
    const auto size = static_cast<size_t>(info.st_size);
    void* map = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
      result = fail(Code::kStorage, "can't be read", "无法读取");
    } else {
      result = parse_gguf({static_cast<const char*>(map), size}, info.st_size);
      munmap(map, size);
    }
  }
  close(fd);
  if (result) return result;
  const Error& error = result.error();
  return fail(error.code, path + " " + error.text.en, path + " " + error.text.zh);
}

}  // namespace ai_bot
