#include "net/sse_reader.h"

namespace ai_bot {

bool SseReader::feed(std::string_view bytes) {
  if (failed_) return false;
  if (after_cr_ && !bytes.empty()) {
    if (bytes.front() == '\n') bytes.remove_prefix(1);
    after_cr_ = false;
  }
  for (;;) {
    const size_t end = bytes.find_first_of("\r\n");
    if (pending_.size() + data_.size() + std::min(end, bytes.size()) > kLongestEvent) {
      failed_ = true;
      return false;
    }
    if (end == std::string_view::npos) {
      pending_ += bytes;
      return true;
    }
    if (pending_.empty()) {
      line(bytes.substr(0, end));
    } else {
      pending_ += bytes.substr(0, end);
      line(pending_);
      pending_.clear();
    }
    const bool cr = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (cr && bytes.empty()) {
      after_cr_ = true;
      return true;
    }
    if (cr && bytes.front() == '\n') bytes.remove_prefix(1);
  }
}

void SseReader::line(std::string_view text) {
  if (first_line_) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    first_line_ = false;
  }
  if (text.empty()) {
    if (has_data_) on_data_(data_);
    data_.clear();
    has_data_ = false;
    return;
  }
  constexpr std::string_view kData = "data";
  if (!text.starts_with(kData)) return;
  text.remove_prefix(kData.size());
  if (!text.empty() && text.front() != ':') return;
  if (!text.empty()) text.remove_prefix(1);
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (has_data_) data_ += '\n';
  data_ += text;
  has_data_ = true;
}

}  // namespace ai_bot
