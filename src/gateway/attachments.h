// Text files and images that came with a message: downloaded from the platform, with its token and
// within channels[].max_file and max_image, and read along with the message.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "assistant/file_contents.h"
#include "gateway/channel_entry.h"
#include "gateway/images.h"
#include "gateway/outgoing.h"

namespace ai_bot {

struct FileNeeds {
  size_t most;  // bytes of the texts together
  bool sees;    // whether images are wanted
  std::shared_ptr<ImageRoom> room;
  // Once it is true the reading ends soon, with what there is. Asked several times a second, on any
  // thread.
  std::function<bool()> over;
};

// Hands over what came with the message. A text file is what its name and its bytes say is one (in
// any encoding decode_text() knows); an image what its bytes say is one, where the platform, its
// name or the lack of an ending lets one think so. One after the other, at most
// channels[].max_files of them; a line at the end says how many more there were. A file that can't
// be had is left out, and the log says why; of a text that can't be read the person and the model
// hear, too. Returns at once; `then` is called exactly once, on any thread. `channel` outlives
// that.
void read_files(const ChannelEntry& channel, const Outgoing& outgoing, const Event& event,
                FileNeeds needs, std::function<void(FileContents)> then);

}  // namespace ai_bot
