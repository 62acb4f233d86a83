#include "gateway/images.h"

#include <fmt/format.h>
#include <sodium.h>

#include <utility>

namespace ai_bot {

std::string_view image_type_of(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1A\n")) return "image/png";  // PNG 3, 5.2
  if (bytes.starts_with("\xFF\xD8\xFF")) return "image/jpeg";      // ITU-T T.81, B.1.1.3
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP"))
    return "image/webp";  // RFC 9649, 2.4
  return "";
}

std::shared_ptr<void> ImageRoom::take(int64_t bytes) {
  MutexLock lock(mutex_);
  if (bytes > left_) return nullptr;
  left_ -= bytes;
  return {this, [self = shared_from_this(), bytes](void*) { self->give_back(bytes); }};
}

void ImageRoom::give_back(int64_t bytes) {
  MutexLock lock(mutex_);
  left_ += bytes;
}

Images::value_type image_of(std::string_view type, std::string_view bytes,
                            std::shared_ptr<void> room) {
  struct Held {
    std::string url;
    std::shared_ptr<void> room;
  };
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
  const auto held = std::make_shared<Held>();
  held->url = fmt::format("data:{};base64,", type);
  const size_t head = held->url.size();
  const size_t length = sodium_base64_encoded_len(bytes.size(), kVariant);  // with a final NUL
  held->url.resize(head + length);
  sodium_bin2base64(held->url.data() + head, length,
                    reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), kVariant);
  held->url.pop_back();
  held->room = std::move(room);
  return {held, &held->url};
}

}  // namespace ai_bot
