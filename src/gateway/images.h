// Images that came with a message, as models take them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/message.h"
#include "core/mutex.h"

namespace ai_bot {

// The media type of a PNG, JPEG, GIF or WebP image, by its first bytes and whatever it is called;
// empty for anything else. These are what OpenAI's "Images and vision" takes.
std::string_view image_type_of(std::string_view bytes);

// The memory for the images of all turns under way, in bytes of the images themselves
// (assistant.image_memory). Any thread; made by make_shared.
class ImageRoom : public std::enable_shared_from_this<ImageRoom> {
 public:
  explicit ImageRoom(int64_t bytes) : left_(bytes) {}

  // Room for so many bytes, until the last copy is gone; null when there is none.
  std::shared_ptr<void> take(int64_t bytes);

 private:
  void give_back(int64_t bytes);

  Mutex mutex_;
  int64_t left_ GUARDED_BY(mutex_);
};

// The image as a data URL, which holds its room as long as it is there.
Images::value_type image_of(std::string_view type, std::string_view bytes,
                            std::shared_ptr<void> room);

}  // namespace ai_bot
