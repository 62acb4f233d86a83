#include "channels/wecom_text.h"

#include "channels/wecom.h"

namespace ai_bot {
namespace {

// "<@userid>" and "<font color=…>". They count in code too, since an app's has no marks for it.
bool is_mention(std::string_view text, size_t at) {
  if (text[at] != '<') return false;
  constexpr std::string_view kFont = "font";
  const std::string_view rest = text.substr(at + 1);
  return rest.starts_with('@') ||
         (starts_with_word(rest, kFont) && has_attribute(rest.substr(kFont.size()), {"color"}));
}

}  // namespace

Dialect wecom_app_markdown() {
  Dialect dialect =
      plain_markdown(is_mention, {.marks = "", .write = behind_seam, .block_marks = "#>"});
  dialect.escape = [](std::string_view raw) {
    return guarded_text(loosened_text(without_backticks(raw), "*"), is_mention);
  };
  dialect.emphasis = nullptr;
  dialect.strike = nullptr;
  dialect.code = [](std::string_view raw) {
    return "`" + guarded_code(without_backticks(raw), is_mention) + "`";
  };
  dialect.borders = Dialect::Borders::kInside;
  dialect.code_block = [](const std::string&, std::string_view raw) {
    return quoted_lines(guarded_code(raw, is_mention));
  };
  dialect.most = WeComChannel::kLongestText;
  return dialect;
}

Dialect wecom_bot_markdown() {
  Dialect dialect = plain_markdown(is_mention, {.marks = "*_~`\\&"});
  dialect.borders = Dialect::Borders::kInside;
  dialect.tables = true;
  dialect.most = WeComChannel::kLongestBotText;
  return dialect;
}

}  // namespace ai_bot
