#include "channels/telegram_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "channels/telegram.h"
#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// "A message can have up to 100 entities": what is beyond is sent without formatting.
constexpr size_t kMostEntities = 100;

std::string entities(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

// Clients make a mention of "@name" and an address of "tg:" by themselves, but not in code. What
// follows the end is not known here.
bool is_live(std::string_view raw, size_t at) {
  const bool last = at + 1 == raw.size();
  if (raw[at] == '@') return (last || is_word(raw[at + 1])) && (at == 0 || !is_word(raw[at - 1]));
  if (raw[at] != ':' || (!last && raw[at + 1] != '/')) return false;
  size_t begin = at;
  while (begin > 0 && is_word(raw[begin - 1])) --begin;
  // What stands before the text is not known either.
  const std::string_view scheme = raw.substr(begin, at - begin);
  for (const std::string_view own : {"tg", "ton", "tonsite"}) {
    if (starts_with_word(scheme, own)) return true;
    if (begin == 0 && scheme.size() < own.size() &&
        starts_with_word(own.substr(own.size() - scheme.size()), scheme))
      return true;
  }
  return false;
}

std::string escaped(std::string_view raw) {
  std::string out;
  for (size_t at = 0; at < raw.size(); ++at) {
    out += raw[at];
    if ((raw[at] == '@' || raw[at] == ':') && is_live(raw, at)) out += kSeam;
  }
  return entities(out);
}

// What Telegram counts: the text that is seen, without tags and entities.
size_t seen_size(std::string_view html) {
  size_t units = 0;
  for (size_t at = 0; at < html.size();) {
    if (html[at] == '<') {
      at = std::min(html.find('>', at), html.size() - 1) + 1;
    } else if (html[at] == '&') {
      at = std::min(html.find(';', at), html.size() - 1) + 1;
      ++units;
    } else {
      units += next_code_point(html, at) > 0xFFFF ? 2 : 1;
    }
  }
  return units;
}

// What Telegram counts of the formatting: each tag, that of a language with its <pre>.
size_t entities_in(std::string_view html) {
  size_t count = 0;
  for (size_t at = 0; (at = html.find('<', at)) != std::string_view::npos; ++at) {
    const std::string_view tag = html.substr(at);
    if (!tag.starts_with("</") && !tag.starts_with("<code class=")) ++count;
  }
  return count;
}

constexpr int64_t kMostUnits = 1 << 20;  // of a text's offsets; Telegram's texts have 4,096

// The byte of each UTF-16 unit, and the end.
std::vector<size_t> bytes_of_units(std::string_view text) {
  std::vector<size_t> bytes;
  for (size_t at = 0; at < text.size();) {
    bytes.push_back(at);
    if (const size_t start = at; next_code_point(text, at) > 0xFFFF) bytes.push_back(start);
  }
  bytes.push_back(text.size());
  return bytes;
}

bool is_same_handle(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string telegram_id(const json& object, const char* key) {
  const int64_t id = number_or(object, key);
  return id == 0 ? "" : std::to_string(id);
}

Dialect telegram_html() {
  const auto tag = [](const char* name) {
    return [name](const std::string& text) { return fmt::format("<{0}>{1}</{0}>", name, text); };
  };
  Dialect dialect = plain_markdown();
  dialect.escape = escaped;
  dialect.lines = [](std::string_view text) { return std::string(text); };
  dialect.strong = tag("b");
  dialect.emphasis = tag("i");
  dialect.strike = tag("s");
  dialect.code = [](std::string_view raw) { return "<code>" + entities(raw) + "</code>"; };
  dialect.bare_link = nullptr;
  dialect.mail_links = true;
  dialect.link = [](const std::string& text, const std::string& address) {
    return fmt::format("<a href=\"{}\">{}</a>", entities(address), text);
  };
  dialect.heading = [](int, const std::string& text) { return "<b>" + text + "</b>"; };
  dialect.strong_headings = true;
  dialect.code_block = [](const std::string& language, std::string_view raw) {
    if (language.empty()) return "<pre>" + entities(raw) + "</pre>";
    return fmt::format("<pre><code class=\"language-{}\">{}</code></pre>", language, entities(raw));
  };
  dialect.quote = tag("blockquote");
  dialect.quotes = 1;  // "blockquote entities can't be nested"
  dialect.size = seen_size;
  dialect.most = TelegramChannel::kLongestText;
  dialect.count = entities_in;
  dialect.most_counted = kMostEntities;
  return dialect;
}

TelegramWords telegram_words(const json& message, const Identity* self, const std::string& bot) {
  const bool captioned = !message.contains("text");
  std::string text = text_or(message, captioned ? "caption" : "text");
  const auto entities = message.find(captioned ? "caption_entities" : "entities");
  TelegramWords words;
  words.text = text;
  if (entities == message.end() || !entities->is_array()) return words;
  const std::string handle = self != nullptr && !self->name.empty() ? "@" + self->name : "";
  const std::vector<size_t> bytes = bytes_of_units(text);
  const auto byte_of = [&](int64_t unit) {
    return bytes[std::min(static_cast<size_t>(unit), bytes.size() - 1)];
  };
  struct Edit {
    size_t begin, end;
    std::string by;
  };
  std::vector<Edit> edits;
  for (const json& one : *entities) {
    if (!one.is_object()) continue;
    const int64_t offset = number_or(one, "offset"), length = number_or(one, "length");
    if (offset < 0 || length <= 0 || offset > kMostUnits || length > kMostUnits) continue;
    const size_t begin = byte_of(offset), end = byte_of(offset + length);
    const std::string_view inside = std::string_view(text).substr(begin, end - begin);
    const std::string type = text_or(one, "type");
    if ((type == "mention" && !handle.empty() && is_same_handle(inside, handle)) ||
        (type == "text_mention" && telegram_id(object_in(one, "user")) == bot)) {
      words.mentions_bot = true;
      edits.push_back({begin, end, ""});
    } else if (const size_t at = inside.find('@');
               type == "bot_command" && !handle.empty() && at != std::string_view::npos) {
      const bool is_ours = is_same_handle(inside.substr(at), handle);
      words.mentions_bot |= is_ours;
      words.is_anothers_command |= !is_ours && begin == 0;
      if (is_ours) edits.push_back({begin + at, end, ""});
    } else if (type == "text_link") {
      edits.push_back({end, end, fmt::format(" ({})", text_or(one, "url"))});
    }
  }
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  words.text.clear();
  size_t done = 0;
  for (const Edit& edit : edits) {
    if (edit.begin < done) continue;  // inside of one that was removed
    words.text.append(text, done, edit.begin - done).append(edit.by);
    done = edit.end;
  }
  words.text.append(text, done);
  return words;
}

}  // namespace ai_bot
