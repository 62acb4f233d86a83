// A model's Markdown as Slack's mrkdwn ("Formatting text for app surfaces").
#pragma once

#include "channels/markdown.h"

namespace ai_bot {

// It has marks of its own, which count only beside spaces and punctuation and not over line breaks,
// and no way to write one that is only seen: a hair space or, for a backtick, a letter that looks
// like it does.
Dialect slack_mrkdwn();

}  // namespace ai_bot
