#include "gateway/attachments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "channels/incoming.h"
#include "core/log.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

constexpr std::array<std::string_view, 24> kTextNames = {
    ".txt", ".md",   ".csv", ".tsv",  ".json", ".jsonl", ".log",  ".yaml",
    ".yml", ".toml", ".ini", ".conf", ".xml",  ".html",  ".sql",  ".py",
    ".js",  ".ts",   ".c",   ".cc",   ".h",    ".go",    ".java", ".sh"};

bool is_named_as_text(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::any_of(kTextNames.begin(), kTextNames.end(),
                     [&](std::string_view ending) { return lower.ends_with(ending); });
}

bool is_text(const std::string& bytes) {
  return bytes.find('\0') == std::string::npos && is_valid_utf8(bytes);
}

Result<HttpReply> fetch(HttpClient& http, HttpRequest request, milliseconds timeout,
                        size_t max_file) {
  request.timeouts = HttpTimeouts::all(timeout);
  request.max_response = max_file;
  auto reply = http.fetch(std::move(request));
  if (!reply || reply->status == 200) return reply;
  return fail(Code::kUnavailable, fmt::format("HTTP status {}", reply->status),
              fmt::format("HTTP 状态 {}", reply->status));
}

Result<std::string> download(const ChannelEntry& channel, HttpClient& http, milliseconds timeout,
                             const Attachment& attachment) {
  const auto nowhere = [] {
    return fail(Code::kNotFound, "the platform gives no address for it", "平台未提供下载地址");
  };
  const auto token = channel.access->token();
  if (!token) return fail(token.error());
  auto request = channel.channel->download(attachment, *token);
  if (!request) return nowhere();
  const auto max_file = static_cast<size_t>(channel.config.max_file.count);
  auto reply = fetch(http, std::move(*request), timeout, max_file);
  if (reply && channel.channel->downloads_in_two_steps()) {
    request = channel.channel->download_from(*reply);
    if (!request) return nowhere();
    reply = fetch(http, std::move(*request), timeout, max_file);
  }
  if (!reply) return fail(reply.error());
  return std::move(reply->body);
}

}  // namespace

std::string quoted_file(const std::string& name, std::string_view content, size_t most) {
  std::string out = fmt::format("\n\n[{}]\n", name_in_brackets(name));
  content = truncate_utf8(content, most);
  for (size_t at = 0; at < content.size() && out.size() < most;) {
    size_t end = at, next = at;
    while (next < content.size()) {
      if (is_line_break(next_code_point(content, next))) break;
      end = next;
    }
    const std::string_view line = truncate_utf8(content.substr(at, end - at), most - out.size());
    out += fmt::format("> {}\n", line);
    at = content.substr(end, 2) == "\r\n" ? end + 2 : next;
  }
  return out;
}

std::string read_text_files(const ChannelEntry& channel, HttpClient& http, milliseconds timeout,
                            const Event& event, size_t most) {
  std::string out;
  for (const Attachment& attachment : event.attachments) {
    if (out.size() >= most) break;
    const bool fits = attachment.size <= channel.config.max_file.count;
    if (!is_named_as_text(attachment.name) || !fits || channel.config.max_file.count == 0) continue;
    const auto content = download(channel, http, timeout, attachment);
    if (!content || !is_text(*content)) {
      log::warning("attachment.unread", content ? "it is not UTF-8 text" : content.error().text.en,
                   {{"http.request.id", event.request_id}, {"ai_bot.channel", event.channel}});
      continue;
    }
    out += quoted_file(attachment.name, *content, most - std::min(most, out.size()));
  }
  return out;
}

}  // namespace ai_bot
