// What a platform would take for more than text in a message of ours: mentions and links that no
// model may make. Written from the platforms' own descriptions, not from our code; strict: what is
// in code counts too, as far as the platform's own marks do not say for sure that it is code.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "channels/channel.h"
#include "channels/dingtalk.h"
#include "channels/discord.h"
#include "channels/feishu.h"
#include "channels/markdown.h"
#include "channels/slack.h"
#include "channels/telegram.h"
#include "channels/wecom.h"

namespace ai_bot::test {

struct Platform {
  const char* name;  // "wecom-bot": wecom without an app
  size_t most;       // of a message, in the platform's own unit
  size_t parts = 20;
};

constexpr Platform kPlatforms[] = {
    {"slack", SlackChannel::kLongestText},          {"telegram", TelegramChannel::kLongestText},
    {"feishu", FeishuChannel::kLongestText},        {"dingtalk", DingTalkChannel::kLongestText},
    {"discord", DiscordChannel::kLongestText},      {"wecom", WeComChannel::kLongestText},
    {"wecom-bot", WeComChannel::kLongestBotText, 1}};

inline std::unique_ptr<Channel> channel_of(const Platform& platform) {
  ChannelConfig config;
  config.type = platform.name;
  if (config.type == "wecom") config.agent_id = "1";
  if (config.type == "wecom-bot") config.type = "wecom";
  return make_channel(config, {});
}

inline size_t size_of(const Platform& platform, const std::string& part) {
  const std::string_view name = platform.name;
  if (name.starts_with("wecom")) return part.size();
  if (name == "feishu") return nlohmann::json(part).dump().size() - 2;
  if (name != "telegram") return utf16_size(part);
  std::string seen;  // what is left of the HTML
  for (size_t at = 0; at < part.size(); ++at) {
    const char ends = part[at] == '<' ? '>' : part[at] == '&' ? ';' : '\0';
    if (part[at] != '<') seen += part[at];
    if (ends != '\0') at = std::min(part.find(ends, at), part.size());
  }
  return utf16_size(seen);
}

inline bool matches(const std::string& text, const char* pattern) {
  return std::regex_search(text, std::regex(pattern, std::regex::icase));
}

// mrkdwn: "<" begins nothing but a link to the web, "&" only the three references.
inline std::string harm_in_slack(const std::string& text) {
  static const std::regex link("<(https?://|mailto:)[^<>|\\s]+\\|[^<>\\n]*>");
  static const std::regex reference("&(amp|lt|gt);");
  for (size_t at = 0; at < text.size(); ++at) {
    std::smatch match;
    const auto here = text.begin() + static_cast<std::ptrdiff_t>(at);
    if (text[at] == '<') {
      // Bounded, since the library's matcher is recursive.
      const auto end = here + static_cast<std::ptrdiff_t>(std::min<size_t>(text.size() - at, 4000));
      const auto close = std::find(here, end, '>');
      if (close == end) return "'<' that is not closed";
      const std::string inside(here, close + 1);
      const size_t bar = inside.find('|');
      if (bar == std::string::npos) return inside;
      if (!inside.starts_with("<http://") && !inside.starts_with("<https://") &&
          !inside.starts_with("<HTTP") && !matches(inside.substr(0, 9), "^<(https?://|mailto:)"))
        return inside;
      if (inside.substr(0, bar).find_first_of(" \n\t") != std::string::npos) return inside;
      if (inside.find('<', 1) != std::string::npos) return inside;
      at += inside.size() - 1;
    } else if (text[at] == '&' &&
               !std::regex_search(here, here + std::min<std::ptrdiff_t>(5, text.end() - here),
                                  match, reference, std::regex_constants::match_continuous)) {
      return "'&' that is no reference";
    }
  }
  return "";
}

// HTML of the Bot API: its tags, closed in order; mentions and addresses that clients find by
// themselves in what is not code.
inline std::string harm_in_telegram(const std::string& html) {
  static constexpr std::array<std::string_view, 7> kTags = {"b",   "i", "s",         "code",
                                                            "pre", "a", "blockquote"};
  std::vector<std::string> open;
  std::string seen;
  int code = 0;
  for (size_t at = 0; at < html.size();) {
    if (html[at] == '<') {
      const size_t end = html.find('>', at);
      if (end == std::string::npos) return "a tag that does not end";
      std::string tag = html.substr(at + 1, end - at - 1);
      at = end + 1;
      if (tag.starts_with('/')) {
        if (open.empty() || open.back() != tag.substr(1)) return "</" + tag + "> out of order";
        if (tag == "/code" || tag == "/pre") --code;
        open.pop_back();
        continue;
      }
      const std::string name = tag.substr(0, tag.find(' '));
      if (std::find(kTags.begin(), kTags.end(), name) == kTags.end()) return "<" + tag + ">";
      if (name == "a" && !matches(tag.substr(0, 20), "^a href=\"(https?://|mailto:)")) return tag;
      if (name == "blockquote" && std::find(open.begin(), open.end(), name) != open.end())
        return "a quotation in a quotation";
      if (name == "code" || name == "pre") ++code, seen += '\x01';
      open.push_back(name);
    } else if (html[at] == '&') {
      const size_t end = html.find(';', at);
      const std::string entity = end == std::string::npos ? "" : html.substr(at, end - at + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;")
        return "'&' that is no reference";
      seen += '.';
      at = end + 1;
    } else {
      seen += code > 0 ? '\x01' : html[at];
      ++at;
    }
  }
  if (!open.empty()) return "<" + open.back() + "> is open";
  for (size_t at = 0; at + 1 < seen.size(); ++at) {
    const auto is_word = [&](size_t i) {
      return std::isalnum(static_cast<unsigned char>(seen[i])) || seen[i] == '_';
    };
    if (seen[at] == '@' && is_word(at + 1) && (at == 0 || !is_word(at - 1))) return "@name";
  }
  return matches(seen, "\\b(tg|ton|tonsite)://") ? "an address of Telegram's own" : "";
}

// Markdown of a platform: no link but to the web, in code as well. A target is a scheme (two
// letters or more), its colon and something; a definition begins its line.
inline std::string harm_in_links(const std::string& text) {
  static const std::regex foreign("^[ \\t<]*[a-z][a-z0-9+.-]+:[^:\\s]", std::regex::icase);
  static const std::regex web("^[ \\t<]*(https?://|mailto:)", std::regex::icase);
  for (const std::string_view start : {"](", "]:"}) {
    for (size_t at = 0; (at = text.find(start, at)) != std::string::npos; at += 2) {
      const size_t line = at == 0 ? 0 : text.rfind('\n', at) + 1;
      const size_t first = text.find_first_not_of(" \t>", line);
      if (start == "]:" && text[first] != '[') continue;
      const std::string target = text.substr(at + 2, 40);
      if (std::regex_search(target, foreign) && !std::regex_search(target, web)) return target;
    }
  }
  return "";
}

// A tag of a card that names somebody, or of WeCom's that colours: its name, and anywhere before
// its end the attribute.
inline std::string harm_in_tags(const std::string& text, const char* tags, const char* attributes) {
  const std::regex name(std::string("^<(") + tags + ")\\b", std::regex::icase);
  const std::regex attribute(std::string("\\b(") + attributes + ")\\s*=", std::regex::icase);
  for (size_t at = 0; (at = text.find('<', at)) != std::string::npos; ++at) {
    if (!std::regex_search(text.substr(at, 10), name)) continue;
    const size_t end = std::min(text.find_first_of("<>", at + 1), at + 1000);
    const std::string tag = text.substr(at, end - at);
    if (std::regex_search(tag, attribute)) return tag;
  }
  return "";
}

inline std::string harm_in(const std::string& platform, const std::string& text) {
  if (platform == "slack") return harm_in_slack(text);
  if (platform == "telegram") return harm_in_telegram(text);
  if (const std::string link = harm_in_links(text); !link.empty()) return link;
  const char* pattern = "";
  if (platform == "feishu")
    return harm_in_tags(text, "at|person", "id|ids|user_id|open_id|union_id|email");
  if (platform.starts_with("wecom")) {
    if (const std::string tag = harm_in_tags(text, "font", "color"); !tag.empty()) return tag;
    pattern = "<@";
  }
  if (platform == "dingtalk") pattern = "(^|[^A-Za-z0-9_.+-])@([0-9]|all\\b|所有人)";
  if (platform == "discord") pattern = "<@|<#[0-9a-z]|<id:|@everyone|@here";
  return matches(text, pattern) ? pattern : "";
}

inline std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

inline std::string without_seams(const std::string& text) { return replace_all(text, kSeam, ""); }

// What somebody copies out of the code of a message. Line breaks stand where tags do.
inline std::string read_back(const std::string_view platform, std::string text) {
  if (platform == "wecom") text = replace_all("\n" + text, "\n> ", "\n") + "\n";
  if (platform == "telegram") {
    for (const char* tag : {"<pre>", "</pre>"}) text = replace_all(text, tag, "\n");
  }
  if (platform == "slack" || platform == "telegram") {
    for (const auto& [from, to] :
         {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}})
      text = replace_all(text, from, to);
  }
  return without_seams(text);
}

}  // namespace ai_bot::test
