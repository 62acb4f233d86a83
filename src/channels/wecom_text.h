// A model's Markdown as WeCom's ("Markdown messages").
#pragma once

#include "channels/markdown.h"

namespace ai_bot {

// An app's knows headings, bold text, links, quotations and `code`, and no way to write a mark that
// is only seen: an invisible character, a hair space or, for a backtick, a letter that looks like
// it does.
Dialect wecom_app_markdown();

// An AI bot's is the whole of it, with tables.
Dialect wecom_bot_markdown();

}  // namespace ai_bot
