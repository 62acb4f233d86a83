// Text files that came with a message: downloaded from the platform, with its token and within
// channels[].max_file, and read along with the message.
#pragma once

#include <string>

#include "gateway/channel_entry.h"

namespace ai_bot {

// What is to follow the message: each file's name and content, at most `most` bytes together; empty
// when there is none that is text (by its name and its bytes). Waits for the platform. A file that
// can't be had is left out, and the log says why.
std::string read_text_files(const ChannelEntry& channel, HttpClient& http, milliseconds timeout,
                            const Event& event, size_t most);

// A file's name and its text as a quotation of about `most` bytes, so that what it says is not
// taken for what the person says: whatever a reader may take for a line begins with ">".
std::string quoted_file(const std::string& name, std::string_view content, size_t most);

}  // namespace ai_bot
