// Text files that came with a message: downloaded from the platform, with its token and within
// channels[].max_file, and read along with the message.
#pragma once

#include <functional>
#include <string>

#include "gateway/channel_entry.h"
#include "gateway/outgoing.h"

namespace ai_bot {

// Hands over what is to follow the message: each file's name and content, at most `most` bytes
// together; empty when there is none that is text (by its name and its bytes). One after the other,
// at most channels[].max_files of them; a line at the end says how many more there were. A file
// that can't be had is left out, and the log says why. Returns at once; `then` is called exactly
// once, on any thread. Once `over` is true (it is asked several times a second, on any thread) it
// is called soon, with what there is. `channel` outlives that.
void read_text_files(const ChannelEntry& channel, const Outgoing& outgoing, const Event& event,
                     size_t most, std::function<bool()> over,
                     std::function<void(std::string text)> then);

}  // namespace ai_bot
