// What the files that came with a message hold.
#pragma once

#include <string>

#include "core/message.h"

namespace ai_bot {

struct FileContents {
  std::string text;    // to be read after the message's
  Images images;       // for a model that sees
  std::string notice;  // for the person, before the answer: what could not be read
};

}  // namespace ai_bot
