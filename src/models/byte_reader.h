// Numbers and texts in foreign bytes, as GGUF has them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace ai_bot {

// Reads little-endian values; after the first read past the end everything reads as zero.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T number() {
    T value{};
    if (!has(sizeof(T))) return value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  std::string_view text() {
    const auto size = number<uint64_t>();
    if (!has(size)) return {};
    const std::string_view out = bytes_.substr(at_, size);
    at_ += size;
    return out;
  }

  // What was read since `begin`.
  std::string_view since(uint64_t begin) const { return bytes_.substr(begin, at_ - begin); }

  bool at_end() const { return failed_ || at_ == bytes_.size(); }

  void skip(uint64_t count) {
    if (has(count)) at_ += count;
  }

  bool failed() const { return failed_; }
  uint64_t position() const { return at_; }

 private:
  bool has(uint64_t count) {
    if (failed_ || count > bytes_.size() - at_) failed_ = true;
    return !failed_;
  }

  std::string_view bytes_;
  uint64_t at_ = 0;
  bool failed_ = false;
};

}  // namespace ai_bot
