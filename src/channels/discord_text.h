// A model's Markdown as Discord's ("Markdown Text 101").
#pragma once

#include "channels/markdown.h"

namespace ai_bot {

// It has three sizes of headings, "||spoilers||", and backslashes before marks that are only seen.
Dialect discord_markdown();

}  // namespace ai_bot
